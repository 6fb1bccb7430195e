/**
 * CloudFormation conditions whose inputs are known when packaging, decided then. What is packaged is
 * what will exist: a resource that a stage does not have is not in its template, and no emulator or
 * checker has to know conditions.
 */

const NO_VALUE = "AWS::NoValue";

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

const single = (value) => {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value);
  return entries.length === 1 ? entries[0] : undefined;
};

/** True or false where the condition rests on literals alone, else undefined. */
const decide = (condition, conditions, seen = []) => {
  const [operator, operands] = single(condition) ?? [];
  const all = (list) => list.map((operand) => decide(operand, conditions, seen));
  switch (operator) {
    case "Condition":
      if (seen.includes(operands) || !(operands in conditions))
        throw new Error(`Condition ${operands} is not defined.`);
      return decide(conditions[operands], conditions, [...seen, operands]);
    case "Fn::Equals":
      return operands.some(isObject) ? undefined : String(operands[0]) === String(operands[1]);
    case "Fn::Not": {
      const [decided] = all(operands);
      return decided === undefined ? undefined : !decided;
    }
    case "Fn::And": {
      const decided = all(operands);
      return decided.includes(false) ? false : decided.includes(undefined) ? undefined : true;
    }
    case "Fn::Or": {
      const decided = all(operands);
      return decided.includes(true) ? true : decided.includes(undefined) ? undefined : false;
    }
    default:
      return undefined;
  }
};

const isNoValue = (value) => single(value)?.[0] === "Ref" && value.Ref === NO_VALUE;

const foldValue = (value, decided) => {
  if (Array.isArray(value))
    return value.map((item) => foldValue(item, decided)).filter((item) => !isNoValue(item));
  if (!isObject(value)) return value;
  const [operator, operands] = single(value) ?? [];
  if (operator === "Fn::If" && decided.has(operands[0]))
    return foldValue(operands[decided.get(operands[0]) ? 1 : 2], decided);
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, foldValue(item, decided)])
      .filter(([, item]) => !isNoValue(item)),
  );
};

/** The template without its decided conditions and without what they leave out. */
const foldConditions = (template) => {
  const conditions = template.Conditions ?? {};
  const decided = new Map();
  for (const name of Object.keys(conditions)) {
    const value = decide({ Condition: name }, conditions);
    if (value !== undefined) decided.set(name, value);
  }
  const foldSection = (section) =>
    Object.fromEntries(
      Object.entries(section).flatMap(([id, { Condition, ...body }]) => {
        if (Condition === undefined) return [[id, foldValue(body, decided)]];
        if (!(Condition in conditions)) throw new Error(`${id}: no condition ${Condition}.`);
        if (!decided.has(Condition)) return [[id, { Condition, ...foldValue(body, decided) }]];
        return decided.get(Condition) ? [[id, foldValue(body, decided)]] : [];
      }),
    );
  const { Conditions: _all, ...rest } = template;
  const left = Object.entries(conditions).filter(([name]) => !decided.has(name));
  return {
    ...rest,
    ...(left.length === 0 ? {} : { Conditions: Object.fromEntries(left) }),
    Resources: foldSection(template.Resources),
    ...(template.Outputs ? { Outputs: foldSection(template.Outputs) } : {}),
  };
};

module.exports = { foldConditions };
