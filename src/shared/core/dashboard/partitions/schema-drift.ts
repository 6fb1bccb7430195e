import { groupBy } from "./group-by.ts";

/** One line of one hour: the type of each of its fields. */
export type FieldSample = {
  service: string;
  /** Epoch milliseconds of the hour. */
  hour: number;
  key: string;
  fields: ReadonlyMap<string, string>;
};

export type FieldDrift = {
  service: string;
  field: string;
  kind: "added" | "missing" | "type";
  /** Epoch milliseconds: since when, or where it was last missing. */
  hour: number;
  from?: string;
  to?: string;
  /** Samples without the field, of all those of the service. */
  missingIn?: number;
  samples: number;
};

const MAX_FIELDS = 200;
const MAX_DEPTH = 3;
/** Fewer samples of a service than this tell nothing. */
const MIN_SAMPLES = 2;

const typeOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "array" : typeof value;

/** Types by path, `a.b` for nested ones; undefined for a line that is no JSON object. */
export const fieldsOf = (line: string): Map<string, string> | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeOf(value) !== "object") return undefined;
  const fields = new Map<string, string>();
  const visit = (object: object, path: string, depth: number): void => {
    for (const [name, field] of Object.entries(object)) {
      if (fields.size >= MAX_FIELDS) return;
      const type = typeOf(field);
      if (type === "object" && depth < MAX_DEPTH)
        visit(field as object, `${path}${name}.`, depth + 1);
      else fields.set(path + name, type);
    }
  };
  visit(value as object, "", 1);
  return fields;
};

const driftOf = (service: string, samples: readonly FieldSample[]): FieldDrift[] => {
  const names = new Set(samples.flatMap(({ fields }) => [...fields.keys()]));
  const found: FieldDrift[] = [];
  const count = samples.length;
  for (const field of names) {
    const types = samples.map(({ fields }) => fields.get(field));
    const first = types.findIndex((type) => type !== undefined);
    const after = types.slice(first);
    const missing = after.filter((type) => type === undefined).length;
    const at = (index: number): number => samples[index]?.hour ?? 0;
    // Once in a while is how optional fields are; there from some hour on is new.
    if (first > 0 && missing === 0)
      found.push({
        service,
        field,
        kind: "added",
        hour: at(first),
        to: types[first] ?? "",
        samples: count,
      });
    else if (missing > 0 && missing < after.length / 2)
      found.push({
        service,
        field,
        kind: "missing",
        hour: at(types.lastIndexOf(undefined)),
        missingIn: types.filter((type) => type === undefined).length,
        samples: count,
      });
    // Null is a value of any type.
    const typed = types.flatMap((type, index) =>
      type === undefined || type === "null" ? [] : [{ type, index }],
    );
    const change = typed.findIndex(
      ({ type }, index) => index > 0 && type !== typed[index - 1]?.type,
    );
    const [before, now] = [typed[change - 1], typed[change]];
    if (before && now)
      found.push({
        service,
        field,
        kind: "type",
        hour: at(now.index),
        from: before.type,
        to: now.type,
        samples: count,
      });
  }
  return found;
};

/** Fields that are new, missing here and there, or of another type than before, per service. */
export const findDrift = (samples: readonly FieldSample[]): FieldDrift[] => {
  const byService = groupBy(samples, ({ service }) => service);
  return [...byService]
    .filter(([, ofService]) => ofService.length >= MIN_SAMPLES)
    .flatMap(([service, ofService]) =>
      driftOf(
        service,
        [...ofService].sort((a, b) => a.hour - b.hour),
      ),
    )
    .sort((a, b) => b.hour - a.hour || (a.field < b.field ? -1 : 1));
};
