import { XMLParser, XMLValidator } from "fast-xml-parser";
import { malformedXml } from "./errors.ts";

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
export const S3_NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

/** What XML 1.0 cannot carry even escaped; S3 asks callers to use `encoding-type=url` for these. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is about control characters
const ESCAPED = /[&<>"\u0000-\u001f\u007f-\u009f\u2028]/g;
const NAMED: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

export const escapeXml = (text: string): string =>
  text.replace(ESCAPED, (c) => NAMED[c] ?? `&#x${c.charCodeAt(0).toString(16)};`);

/** `<name>text</name>`, escaped; nothing for undefined. */
export const element = (name: string, text: string | number | boolean | undefined): string =>
  text === undefined ? "" : `<${name}>${escapeXml(String(text))}</${name}>`;

/** A whole document whose inside is XML already. */
export const xmlDocument = (name: string, inside: string): string =>
  `${DECLARATION}<${name} ${S3_NAMESPACE}>${inside}</${name}>`;

export const errorDocument = (fields: Readonly<Record<string, string>>): string =>
  `${DECLARATION}<Error>${Object.entries(fields)
    .map(([name, text]) => element(name, text))
    .join("")}</Error>`;

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

const unescapeXml = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]+)|#([0-9]+)|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = hex === undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16);
    if (code > 0x10_ffff) throw malformedXml();
    return String.fromCodePoint(code);
  });

export type XmlNode = { readonly [name: string]: readonly (XmlNode | string)[] };

const parser = new XMLParser({
  ignoreAttributes: true,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: false,
  // Entities are resolved here: the parser leaves numeric ones, and expands what a DOCTYPE defines.
  processEntities: false,
  isArray: (_name, path) => String(path).includes("."),
});

const isNode = (value: unknown): value is XmlNode => typeof value === "object" && value !== null;

/** The root element `name` of a request body. Throws MalformedXML. */
export const parseXml = (text: string, name: string): XmlNode => {
  if (XMLValidator.validate(text) !== true) throw malformedXml();
  const root: unknown = parser.parse(text)[name];
  if (isNode(root)) return root;
  if (typeof root === "string") return {};
  throw malformedXml();
};

export const childNodes = (node: XmlNode, name: string): XmlNode[] =>
  (node[name] ?? []).map((child) => {
    if (!isNode(child)) throw malformedXml();
    return child;
  });

/** Text of the first child of that name, if there is one. */
export const childText = (node: XmlNode, name: string): string | undefined => {
  const child = node[name]?.[0];
  if (child === undefined) return undefined;
  if (typeof child !== "string") throw malformedXml();
  return unescapeXml(child);
};
