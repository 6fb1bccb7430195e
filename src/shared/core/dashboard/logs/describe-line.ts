import { levelIndexOf, NO_LEVEL, type Role, roleOf, timeOf, valueText } from "./line-roles.ts";
import { createLineScanner, OBJECT, ROOT, STRING, type ValueKind } from "./scan-line.ts";

/** One field of a line; `start` and `end` are where its value lies, quotes included. */
export type LineField = { path: string; start: number; end: number; kind: ValueKind };

export type LineDescription = {
  /** The line is one JSON value. */
  isValid: boolean;
  fields: LineField[];
  /** Position in LEVEL_NAMES. */
  level: number;
  timeMs: number | undefined;
  service: string | undefined;
  message: string | undefined;
  traceId: string | undefined;
};

const MAX_FIELDS = 400;

const nameText = (bytes: Uint8Array, start: number, end: number): string =>
  valueText(bytes, start, end, STRING);

/** Everything a single line says, in the order it says it. For many lines there is the line table. */
export const describeLine = (bytes: Uint8Array, start: number, end: number): LineDescription => {
  const prefixes = [""];
  const fields: LineField[] = [];
  const found = new Map<Role, { rank: number; value: string; time?: number; level?: number }>();

  const note = (field: LineField): void => {
    const known = roleOf(field.path);
    if (known === undefined) return;
    const { role, rank } = known;
    const best = found.get(role);
    if (best !== undefined && best.rank < rank) return;
    const value = valueText(bytes, field.start, field.end, field.kind);
    if (role === "time") {
      const time = timeOf(field.path, value, field.kind);
      if (time !== undefined) found.set(role, { rank, value, time });
    } else if (role === "level") {
      const level = levelIndexOf(value, field.kind);
      if (level !== undefined) found.set(role, { rank, value, level });
    } else if (field.kind === STRING && value !== "") found.set(role, { rank, value });
  };

  const scan = createLineScanner((node, nameStart, nameEnd, valueStart, valueEnd, kind) => {
    if (fields.length >= MAX_FIELDS) return -1;
    const path = (prefixes[node] ?? "") + nameText(bytes, nameStart, nameEnd);
    if (kind === OBJECT) return prefixes.push(`${path}.`) - 1;
    const field = { path, start: valueStart, end: valueEnd, kind };
    fields.push(field);
    note(field);
    return ROOT;
  });
  const isValid = scan(bytes, start, end);
  // What was read of a broken line before it broke is not to be relied on.
  if (!isValid) {
    fields.length = 0;
    found.clear();
  }
  return {
    isValid,
    fields,
    level: found.get("level")?.level ?? NO_LEVEL,
    timeMs: found.get("time")?.time,
    service: found.get("service")?.value,
    message: found.get("message")?.value,
    traceId: found.get("trace")?.value,
  };
};
