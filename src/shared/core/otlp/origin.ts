import { UNKNOWN_SERVICE } from "../service.ts";
import {
  type JsonText,
  jsonArray,
  jsonAttributes,
  jsonCount,
  jsonObject,
  jsonObjectOrNone,
  jsonString,
} from "./json-text.ts";
import { OtlpError } from "./otlp-error.ts";
import type { InstrumentationScope, Resource } from "./schema.ts";

/** What all items of a scope have in common, and what their lines end with. */
export type Origin = {
  readonly service: string;
  readonly resource: JsonText;
  readonly scope: JsonText;
};

/** The resource's `service.name`, else `unknown`. */
const serviceOf = (resource: Resource | undefined): string => {
  const named = resource?.attributes?.findLast(({ key }) => key === "service.name");
  return named?.value?.stringValue || UNKNOWN_SERVICE;
};

const resourceText = (resource: Resource | undefined, schemaUrl: string | undefined): JsonText =>
  jsonObjectOrNone([
    ["attributes", jsonAttributes(resource?.attributes)],
    ["dropped_attributes_count", jsonCount(resource?.droppedAttributesCount)],
    [
      "entity_refs",
      jsonArray(
        resource?.entityRefs?.map(({ schemaUrl: url, type, idKeys, descriptionKeys }) =>
          jsonObject([
            ["schema_url", jsonString(url)],
            ["type", jsonString(type)],
            ["id_keys", jsonArray(idKeys?.map((key) => JSON.stringify(key)))],
            ["description_keys", jsonArray(descriptionKeys?.map((key) => JSON.stringify(key)))],
          ]),
        ),
      ),
    ],
    ["schema_url", jsonString(schemaUrl)],
  ]);

const scopeText = (
  scope: InstrumentationScope | undefined,
  schemaUrl: string | undefined,
): JsonText =>
  jsonObjectOrNone([
    ["name", jsonString(scope?.name)],
    ["version", jsonString(scope?.version)],
    ["attributes", jsonAttributes(scope?.attributes)],
    ["dropped_attributes_count", jsonCount(scope?.droppedAttributesCount)],
    ["schema_url", jsonString(schemaUrl)],
  ]);

/** The first problem of the two where there is one. */
export const originOf = (
  resource: Resource | OtlpError | undefined,
  resourceSchemaUrl: string | undefined,
  scope: InstrumentationScope | OtlpError | undefined,
  scopeSchemaUrl: string | undefined,
): Origin | OtlpError => {
  if (resource instanceof OtlpError) return resource;
  if (scope instanceof OtlpError) return scope;
  return {
    service: serviceOf(resource),
    resource: resourceText(resource, resourceSchemaUrl),
    scope: scopeText(scope, scopeSchemaUrl),
  };
};
