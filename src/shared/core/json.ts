export type JsonObject = { readonly [key: string]: unknown };

/** True for a JSON object; arrays and null are not. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
