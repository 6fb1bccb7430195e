/** What came, and what usually helps, by reason: see docs/quarantine.md. */
const REASONS: Readonly<Record<string, readonly [came: string, helps: string]>> = {
  not_json: ["text, or half a JSON object", "replay with a --fix that wraps each line"],
  not_an_object: ["JSON, but a number, a string or a list", "replay with a --fix that wraps it"],
  empty: ["nothing, blanks or []", "nothing: there is no log in it"],
  invalid_utf8: ["bytes of another encoding", "replay with --fix 'iconv -f latin1 -t utf-8'"],
  bad_gzip: ["gzip cut short or damaged", "save the whole lines before the damage"],
  too_large: ["gzip that unpacks to more than 64 MiB", "download it, and send what is in it"],
  bad_kpl: ["a KPL aggregate that is not whole", "a look at the producer"],
};

export const describeReason = (reason: string): { came: string; helps: string } => {
  const [came, helps] = REASONS[reason] ?? ["", ""];
  return { came, helps };
};

export const knownReasons: readonly string[] = Object.keys(REASONS);
