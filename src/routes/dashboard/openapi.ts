import { z } from "@hono/zod-openapi";

/** RFC 9457, with a code of ours and what to do about it. */
export const problemSchema = z
  .object({
    type: z.string().optional(),
    title: z.string(),
    status: z.int(),
    code: z.string().openapi({ example: "BAD_PARAMETER" }),
    detail: z.string(),
    parameter: z.string().optional(),
  })
  .openapi("Problem");

type Answer<T extends z.ZodType> = {
  description: string;
  content: { "application/json": { schema: T } };
};

/** A JSON answer of a route, for `responses: { 200: jsonAnswer(…) }`. */
export const jsonAnswer = <T extends z.ZodType>(schema: T, description: string): Answer<T> => ({
  description,
  content: { "application/json": { schema } },
});

const problemAnswer = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: problemSchema } },
});

/** What any endpoint may answer instead; spread into `responses`. */
export const problemAnswers = {
  400: problemAnswer("A parameter is out of its range; `parameter` names it."),
  404: problemAnswer("Nothing has this name."),
  502: problemAnswer("The service behind refused."),
  503: problemAnswer("The service behind does not answer; try again."),
} as const;
