/**
 * A JSON text with line breaks and indents, every value exactly as it was written: nothing is parsed,
 * so that 64-bit integers, exponents and repeated names stay. For valid JSON only.
 */
export const prettyJson = (text: string): string => {
  let out = "";
  let depth = 0;
  const breakLine = (): void => {
    out += `\n${"  ".repeat(depth)}`;
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] as string;
    if (character === '"') {
      const start = at;
      for (at += 1; at < text.length && text[at] !== '"'; at += 1) if (text[at] === "\\") at += 1;
      out += text.slice(start, at + 1);
    } else if (character === "{" || character === "[") {
      let next = at + 1;
      while (/\s/.test(text[next] ?? "")) next += 1;
      const close = character === "{" ? "}" : "]";
      if (text[next] === close) {
        out += character + close;
        at = next;
      } else {
        out += character;
        depth += 1;
        breakLine();
      }
    } else if (character === "}" || character === "]") {
      depth -= 1;
      breakLine();
      out += character;
    } else if (character === ",") {
      out += character;
      breakLine();
    } else if (character === ":") out += ": ";
    else if (!/\s/.test(character)) out += character;
  }
  return out;
};
