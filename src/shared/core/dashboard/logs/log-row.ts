import { describeLine } from "./describe-line.ts";
import { decodeBytes, roleOf, valueText } from "./line-roles.ts";
import { type LineTable, locateLine } from "./line-table.ts";
import type { ValueKind } from "./scan-line.ts";

/** Bytes of a line that a row shows; the details have the whole of it. */
export const PREVIEW_BYTES = 4_096;
const MAX_VALUE_CHARACTERS = 400;
const MAX_ROW_FIELDS = 40;

export type RowField = { path: string; text: string; kind: ValueKind };

export type LogRow = {
  line: number;
  /** Which object, and the number of the line in it, from 1. */
  source: number;
  number: number;
  level: number;
  /** Epoch ms; undefined where the line states no time. */
  timeMs: number | undefined;
  service: string | undefined;
  isValid: boolean;
  isUtf8: boolean;
  /** The message, or the line itself where it has none. */
  message: string;
  /** All other fields, as they are written. */
  fields: RowField[];
  /** Bytes of the line, without its line break. */
  byteLength: number;
};

const IDENTIFIER = /(^|[._])(trace|span|parent_span|request|correlation|event)_?id$/i;

const strictDecoder = new TextDecoder("utf-8", { fatal: true });

const isUtf8 = (bytes: Uint8Array): boolean => {
  try {
    strictDecoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
};

const cut = (text: string): string =>
  text.length > MAX_VALUE_CHARACTERS ? `${text.slice(0, MAX_VALUE_CHARACTERS)}…` : text;

/** What a row of the list shows of a line. */
export const rowOf = (table: LineTable, line: number): LogRow => {
  const { segment, index, start, end } = locateLine(table, line);
  const { bytes } = segment;
  const description = describeLine(bytes, start, end);
  const isCut = end - start > PREVIEW_BYTES;
  const shownRoles = new Set(["message", "level", "time", "service"]);
  const seen = new Set<string>();
  const fields: RowField[] = [];
  let hasMessage = false;
  for (const field of description.fields) {
    const role = roleOf(field.path)?.role;
    if (role !== undefined && shownRoles.has(role) && !seen.has(role)) {
      // The first of a role is what the columns show.
      seen.add(role);
      if (role !== "message" || description.message !== undefined) {
        hasMessage ||= role === "message";
        continue;
      }
    }
    if (fields.length >= MAX_ROW_FIELDS) break;
    const valueEnd = Math.min(field.end, field.start + PREVIEW_BYTES);
    const text =
      valueEnd < field.end
        ? decodeBytes(bytes, field.start, valueEnd)
        : valueText(bytes, field.start, field.end, field.kind);
    fields.push({ path: field.path, text: cut(text), kind: field.kind });
  }
  // Identifiers are long and say little: what is read comes first.
  fields.sort((a, b) => Number(IDENTIFIER.test(a.path)) - Number(IDENTIFIER.test(b.path)));
  const hasParts = description.isValid && (hasMessage || description.fields.length > 0);
  return {
    line,
    source: segment.source,
    number: segment.linesBefore + index + 1,
    level: description.level,
    timeMs: description.timeMs,
    service: description.service,
    isValid: description.isValid,
    isUtf8: isUtf8(bytes.subarray(start, end)),
    message: hasParts
      ? (description.message ?? "").slice(0, PREVIEW_BYTES)
      : decodeBytes(bytes, start, isCut ? start + PREVIEW_BYTES : end),
    fields: hasParts ? fields : [],
    byteLength: end - start,
  };
};

export type LogDetail = LogRow & {
  allFields: RowField[];
  traceId: string | undefined;
  /** The line as it is stored; only its beginning unless all of it was asked for. */
  raw: string;
  isRawCut: boolean;
  /** Of the line in its (unpacked) object. */
  firstByte: number;
};

const MAX_DETAIL_FIELDS = 200;

/** Everything about one line. */
export const detailOf = (table: LineTable, line: number, isWhole: boolean): LogDetail => {
  const { segment, start, end } = locateLine(table, line);
  const { bytes } = segment;
  const rawEnd = isWhole ? end : Math.min(end, start + PREVIEW_BYTES);
  const { fields, traceId } = describeLine(bytes, start, end);
  return {
    ...rowOf(table, line),
    traceId,
    allFields: fields.slice(0, MAX_DETAIL_FIELDS).map(({ path, kind, ...at }) => ({
      path,
      kind,
      text:
        at.end - at.start > PREVIEW_BYTES && !isWhole
          ? `${decodeBytes(bytes, at.start, at.start + PREVIEW_BYTES)}…`
          : valueText(bytes, at.start, at.end, kind),
    })),
    raw: decodeBytes(bytes, start, rawEnd),
    isRawCut: rawEnd < end,
    firstByte: segment.bytesBefore + start,
  };
};
