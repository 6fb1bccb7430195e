import { requireTool } from "./packages.ts";
import type { Template } from "./template.ts";

/** The part of the published model's types that a template can be held against. */
type ModelType = {
  type: string;
  element?: ModelType;
  types?: ModelType[];
  reference?: { $ref: string };
};
type ModelProperty = { type: ModelType; required?: boolean };
type ModelEntity = { properties: Record<string, ModelProperty> };
type Database = {
  lookup(
    entity: "resource",
    field: "cloudFormationType",
    how: "equals",
    value: string,
  ): { length: number; only(): ModelEntity };
  get(entity: "typeDefinition", ref: { $ref: string }): ModelEntity;
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Only CloudFormation knows what these become. */
const isIntrinsic = (value: unknown): boolean => {
  if (!isObject(value)) return false;
  const [key, ...others] = Object.keys(value);
  return others.length === 0 && (key === "Ref" || key?.startsWith("Fn::") === true);
};

const SCALARS: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string" || typeof value === "number",
  integer: (value) => Number.isInteger(value),
  number: (value) => typeof value === "number",
  boolean: (value) => typeof value === "boolean",
  json: (value) => isObject(value) || Array.isArray(value) || typeof value === "string",
  "date-time": (value) => typeof value === "string",
  tag: (value) => isObject(value) && "Key" in value && "Value" in value,
};

/** Checks templates against AWS's published resource model: names, types, what is required. */
export const createModelChecker = () => {
  const { loadAwsServiceSpecSync } = requireTool("@aws-cdk/aws-service-spec") as {
    loadAwsServiceSpecSync(): Database;
  };
  const db = loadAwsServiceSpecSync();

  const checkProperties = (where: string, value: unknown, entity: ModelEntity): string[] => {
    if (!isObject(value)) return [`${where}: must be an object`];
    const unknown = Object.keys(value)
      .filter((name) => !(name in entity.properties))
      .map((name) => `${where}: there is no property ${name}`);
    const missing = Object.entries(entity.properties)
      .filter(([name, { required }]) => required && !(name in value))
      .map(([name]) => `${where}: ${name} is required`);
    const wrong = Object.entries(value).flatMap(([name, item]) => {
      const property = entity.properties[name];
      return property === undefined ? [] : checkValue(`${where}.${name}`, item, property.type);
    });
    return [...unknown, ...missing, ...wrong];
  };

  const checkValue = (where: string, value: unknown, type: ModelType): string[] => {
    if (isIntrinsic(value)) return [];
    switch (type.type) {
      case "ref":
        return type.reference
          ? checkProperties(where, value, db.get("typeDefinition", type.reference))
          : [];
      case "array":
        if (!Array.isArray(value)) return [`${where}: must be a list`];
        return value.flatMap((item, at) =>
          type.element ? checkValue(`${where}[${at}]`, item, type.element) : [],
        );
      case "map":
        if (!isObject(value)) return [`${where}: must be a map`];
        return Object.entries(value).flatMap(([key, item]) =>
          type.element ? checkValue(`${where}.${key}`, item, type.element) : [],
        );
      case "union": {
        const problems = (type.types ?? []).map((option) => checkValue(where, value, option));
        return problems.some((list) => list.length === 0) ? [] : (problems[0] ?? []);
      }
      default: {
        const isRight = SCALARS[type.type];
        return isRight === undefined || isRight(value)
          ? []
          : [`${where}: ${JSON.stringify(value)} is no ${type.type}`];
      }
    }
  };

  /** Every problem there is, each with the place it is at. */
  return (template: Template): string[] =>
    Object.entries(template.Resources).flatMap(([id, { Type, Properties = {} }]) => {
      const found = db.lookup("resource", "cloudFormationType", "equals", Type);
      return found.length === 0
        ? [`${id}: there is no resource type ${Type}`]
        : checkProperties(id, Properties, found.only());
    });
};
