import type { IncomingMessage, ServerResponse } from "node:http";
import * as z from "zod";
import type { FaultRule, Faults } from "./faults.ts";

const ADMIN_BODY_MAX_BYTES = 65_536;

const faultRuleSchema = z.strictObject({
  service: z.enum(["kinesis", "s3"]),
  operation: z.string().min(1).optional(),
  resource: z.string().min(1).optional(),
  probability: z.number().min(0).max(1).optional(),
  times: z.int().min(1).optional(),
  skip: z.int().min(0).optional(),
  action: z
    .strictObject({
      delayMs: z.number().min(0).max(600_000).optional(),
      code: z.string().min(1).optional(),
      status: z.int().min(400).max(599).optional(),
      message: z.string().optional(),
      reset: z.boolean().optional(),
      dropReply: z.boolean().optional(),
    })
    .refine((action) => Object.keys(action).length > 0, "needs at least one of its fields"),
});

/** Answers with one JSON document. */
export const answerJson = (response: ServerResponse, status: number, body: object): void => {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
};

const readText = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= ADMIN_BODY_MAX_BYTES) chunks.push(chunk);
  }
  if (bytes > ADMIN_BODY_MAX_BYTES)
    throw new RangeError(`Body over ${ADMIN_BODY_MAX_BYTES} bytes.`);
  return Buffer.concat(chunks).toString();
};

/** `/_faults`: GET lists the rules and how often each hit, POST adds one or several, DELETE clears. */
export const answerFaults = async (
  faults: Faults,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  if (request.method === "GET") return answerJson(response, 200, { faults: faults.list() });
  if (request.method === "DELETE") {
    faults.clear();
    return answerJson(response, 200, { faults: [] });
  }
  if (request.method !== "POST")
    return answerJson(response, 405, { error: "Use GET, POST or DELETE on /_faults." });
  let value: unknown;
  try {
    value = JSON.parse(await readText(request));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return answerJson(response, 400, { error: `The body is not a fault rule in JSON: ${reason}` });
  }
  const schema = Array.isArray(value) ? z.array(faultRuleSchema).min(1) : faultRuleSchema;
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    return answerJson(response, 400, {
      error: `Fault rule refused: ${z.prettifyError(parsed.error)}`,
    });
  for (const rule of [parsed.data].flat()) faults.add(rule as FaultRule);
  return answerJson(response, 200, { faults: faults.list() });
};
