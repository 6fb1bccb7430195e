export type Resource = {
  Type: string;
  Condition?: string;
  DeletionPolicy?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is what the test looks into, key by key.
  Properties: any;
};

export type Template = {
  Resources: Record<string, Resource>;
  Conditions?: Record<string, unknown>;
  Outputs?: Record<string, unknown>;
};

export const ACCOUNT = "123456789012";
export const REGION = "eu-west-1";

const PSEUDO: Readonly<Record<string, string>> = {
  "AWS::AccountId": ACCOUNT,
  "AWS::Region": REGION,
  "AWS::Partition": "aws",
};

export const resourcesOf = (template: Template, type: string): [string, Resource][] =>
  Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);

export const resource = (template: Template, id: string): Resource => {
  const found = template.Resources[id];
  if (found === undefined) throw new Error(`The template has no ${id}.`);
  return found;
};

/** Resolves references as CloudFormation would for an account 123456789012 in eu-west-1. */
export const createEvaluator = (template: Template) => {
  const ref = (id: string): string => {
    const pseudo = PSEUDO[id];
    if (pseudo !== undefined) return pseudo;
    const { Type, Properties } = resource(template, id);
    if (Type === "AWS::S3::Bucket") return String(evaluate(Properties.BucketName ?? id));
    if (Type === "AWS::Kinesis::Stream") return String(evaluate(Properties.Name));
    if (Type === "AWS::Lambda::Function") return String(evaluate(Properties.FunctionName));
    return id;
  };
  const arnOf = (id: string): string => {
    const { Type } = resource(template, id);
    if (Type === "AWS::S3::Bucket") return `arn:aws:s3:::${ref(id)}`;
    if (Type === "AWS::Kinesis::Stream")
      return `arn:aws:kinesis:${REGION}:${ACCOUNT}:stream/${ref(id)}`;
    return `arn:aws:${Type}:${id}`;
  };
  const substitute = (text: string): string =>
    text
      .replaceAll(/\$\{(?!!)([^}]+)\}/g, (_match, name: string) =>
        name.endsWith(".Arn") ? arnOf(name.slice(0, -".Arn".length)) : ref(name),
      )
      .replaceAll("${!", "${");
  const evaluate = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(evaluate);
    if (typeof value !== "object" || value === null) return value;
    const record = value as Record<string, unknown>;
    if (typeof record.Ref === "string") return ref(record.Ref);
    if (typeof record["Fn::Sub"] === "string") return substitute(record["Fn::Sub"]);
    const attribute = record["Fn::GetAtt"];
    if (Array.isArray(attribute) && attribute[1] === "Arn") return arnOf(String(attribute[0]));
    return Object.fromEntries(Object.entries(record).map(([key, item]) => [key, evaluate(item)]));
  };
  return evaluate;
};

export type Statement = {
  Sid: string;
  Effect: string;
  Action: string[];
  Resource: string | string[];
};

export const statementsOf = (template: Template, roleId: string): Statement[] => {
  const evaluate = createEvaluator(template);
  const policies = resource(template, roleId).Properties.Policies as {
    PolicyDocument: { Statement: Statement[] };
  }[];
  return policies.flatMap(
    ({ PolicyDocument }) => evaluate(PolicyDocument.Statement) as Statement[],
  );
};
