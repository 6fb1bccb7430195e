import type { Context } from "hono";
import * as z from "zod";
import type { Problem } from "../../routes/problem.ts";
import { LOG_CATEGORIES, type LogCategory, type LogType } from "../../shared/core/log-types.ts";
import { logTypeOf } from "../catalogue/log-type-names.ts";

/** A request that is not served, and why. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, problem: Problem, headers: Readonly<Record<string, string>> = {}) {
    super(problem.detail);
    this.status = status;
    this.problem = problem;
    this.headers = headers;
  }
}

export const notFound = (what: string, id: string, hint: string): Refusal =>
  new Refusal(404, {
    code: "NOT_FOUND",
    detail: `There is no ${what} ${JSON.stringify(id)}. ${hint}`,
  });

export const unprocessable = (detail: string): Refusal =>
  new Refusal(422, { code: "INVALID", detail });

export const busy = (detail: string): Refusal =>
  new Refusal(503, { code: "BUSY", detail }, { "retry-after": "1" });

/** Null and the empty string count as absent, and "5" as 5: clients differ. */
const lenient = (value: unknown): unknown => {
  if (value === null || value === "") return undefined;
  return typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(value))
    ? Number(value)
    : value;
};

export const number = (least: number, most: number, rule = `must be ${least} to ${most}`) =>
  z.preprocess(lenient, z.number("must be a number").min(least, rule).max(most, rule).optional());

export const wholeNumber = (least: number, most: number) =>
  z.preprocess(
    lenient,
    z
      .number("must be a number")
      .int("must be a whole number")
      .min(least, `must be ${least} to ${most}`)
      .max(most, `must be ${least} to ${most}`)
      .optional(),
  );

export const text = (maxLength = 256) =>
  z.preprocess(
    (value) => (value === null || value === "" ? undefined : value),
    z.string("must be text").max(maxLength, `must have at most ${maxLength} characters`).optional(),
  );

export const flag = () =>
  z.preprocess((value) => value ?? undefined, z.boolean("must be true or false").optional());

export const members = () =>
  z.preprocess(
    (value) => value ?? undefined,
    z.record(z.string(), z.unknown(), "must be a JSON object").optional(),
  );

/** One of a few words, in upper or lower case. */
export const word = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.preprocess(
    (value) =>
      value === null || value === ""
        ? undefined
        : typeof value === "string"
          ? (words.find((one) => one.toLowerCase() === value.trim().toLowerCase()) ?? value)
          : value,
    z.enum(words, `must be one of ${words.join(", ")}`).optional(),
  );

const check = <Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join(".")}: ${message}`,
  );
  throw unprocessable(`${reasons.slice(0, 5).join("; ")}.`);
};

/** The body as JSON; no body at all is `{}`. 400 where it is not JSON. */
const readJson = async (c: Context): Promise<unknown> => {
  const body = await c.req.text();
  if (body.trim() === "") return {};
  try {
    return JSON.parse(body);
  } catch {
    throw new Refusal(400, { code: "INVALID_JSON", detail: "The body is not JSON." });
  }
};

/** The checked body. Throws a Refusal of 400 or 422 that names the field and its rule. */
export const readBody = async <Schema extends z.ZodType>(
  c: Context,
  schema: Schema,
): Promise<z.output<Schema>> => check(schema, await readJson(c));

/** The checked query. Throws a Refusal of 422. */
export const readQuery = <Schema extends z.ZodType>(c: Context, schema: Schema): z.output<Schema> =>
  check(schema, c.req.query());

export const limitQuery = (fallback: number, most: number) =>
  z.object({ limit: wholeNumber(1, most).transform((limit) => limit ?? fallback) });

/** Types by their names, with or without `_log`; a category stands for all of its types. */
export const resolveLogTypes = (names: readonly string[]): LogType[] => [
  ...new Set(
    names.flatMap((name): readonly LogType[] => {
      if (Object.hasOwn(LOG_CATEGORIES, name)) return LOG_CATEGORIES[name as LogCategory];
      const type = logTypeOf(name);
      if (type !== undefined) return [type];
      throw unprocessable(
        `There is no log type ${JSON.stringify(name)}. GET /api/log-types of log-synthesis lists the 59.`,
      );
    }),
  ),
];
