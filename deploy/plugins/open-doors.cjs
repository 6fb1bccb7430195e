/**
 * Finds what would let anybody on the internet call a function. Works on the compiled template, so
 * that it does not matter how the door got there.
 */

const IAM = "AWS_IAM";

const resourcesOf = (template, type) =>
  Object.entries(template.Resources).filter(([, { Type }]) => Type === type);

/** The logical ids that a value refers to, however it is wrapped. */
const referencesIn = (value) => {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    if (key === "Ref") return [item];
    if (key === "Fn::GetAtt") return [Array.isArray(item) ? item[0] : item.split(".")[0]];
    if (key === "Fn::Sub") {
      const [text, values] = Array.isArray(item) ? item : [item, {}];
      return [
        ...[...text.matchAll(/\$\{([A-Za-z0-9]+)(\.[A-Za-z0-9.]+)?\}/g)].map(([, id]) => id),
        ...referencesIn(values),
      ];
    }
    return referencesIn(item);
  });
};

/** The functions behind a value: named in it, or in what it names. */
const functionsBehind = (template, value, depth = 0) =>
  referencesIn(value).flatMap((id) => {
    const resource = template.Resources[id];
    if (resource === undefined || depth > 4) return [];
    if (resource.Type === "AWS::Lambda::Function") return [id];
    return functionsBehind(template, resource.Properties, depth + 1);
  });

/** A door without a lock of AWS's is fine where the function itself asks for a token. */
const asksForToken = (template, functionId) => {
  const variables = template.Resources[functionId]?.Properties.Environment?.Variables ?? {};
  return variables.AUTH === "token" && Boolean(variables.TOKEN_PARAMETER);
};

const nameOf = (functionId) => {
  const id = functionId.replace(/LambdaFunction$/, "");
  return `${id.charAt(0).toLowerCase()}${id.slice(1)}`;
};

const doorsOf = (template) => [
  ...resourcesOf(template, "AWS::Lambda::Url")
    .filter(([, { Properties }]) => Properties.AuthType !== IAM)
    .map(([id, { Properties }]) => ({ id, behind: Properties.TargetFunctionArn })),
  ...resourcesOf(template, "AWS::ApiGatewayV2::Route")
    .filter(([, { Properties }]) => (Properties.AuthorizationType ?? "NONE") === "NONE")
    .map(([id, { Properties }]) => ({ id, behind: Properties.Target })),
  ...resourcesOf(template, "AWS::ApiGateway::Method")
    .filter(([, { Properties }]) => (Properties.AuthorizationType ?? "NONE") === "NONE")
    .map(([id, { Properties }]) => ({ id, behind: Properties.Integration })),
  ...resourcesOf(template, "AWS::ElasticLoadBalancingV2::TargetGroup").map(
    ([id, { Properties }]) => ({ id, behind: Properties.Targets }),
  ),
  ...resourcesOf(template, "AWS::Lambda::Permission")
    .filter(([, { Properties }]) => Properties.Principal === "*")
    .map(([id, { Properties }]) => ({ id, behind: Properties.FunctionName })),
];

/** One sentence for each function that anybody could call: what is open, and what to set. */
const findOpenDoors = (template) => {
  const open = new Map();
  for (const { id, behind } of doorsOf(template)) {
    const functions = functionsBehind(template, behind);
    for (const functionId of functions.length > 0 ? functions : [id])
      if (!asksForToken(template, functionId))
        open.set(functionId, [...(open.get(functionId) ?? []), id]);
  }
  return [...open].map(([functionId, ids]) => {
    const name = nameOf(functionId);
    return `Anybody could call the function ${name} (${ids.join(", ")}). Set the param ${name}Auth to aws_iam, or to token with ${name}TokenParameter naming an SSM parameter that holds the token.`;
  });
};

/** Functions whose environment says that they are open, or says nothing sensible. */
const findUnlockedFunctions = (template) =>
  resourcesOf(template, "AWS::Lambda::Function").flatMap(([id, { Properties }]) => {
    const { AUTH, TOKEN_PARAMETER = "" } = Properties.Environment?.Variables ?? {};
    if (AUTH === undefined || AUTH === "aws_iam") return [];
    const name = nameOf(id);
    if (AUTH === "token")
      return TOKEN_PARAMETER.startsWith("/")
        ? []
        : [
            `The function ${name} asks for a token that is nowhere. Set the param ${name}TokenParameter to an SSM parameter's name, beginning with /.`,
          ];
    return [
      `The param ${name}Auth is ${JSON.stringify(AUTH)}, which locks nothing. Set it to aws_iam or token.`,
    ];
  });

module.exports = { findOpenDoors, findUnlockedFunctions };
