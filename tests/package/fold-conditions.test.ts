import fc from "fast-check";
import { expect, test } from "vitest";
import { requireTool } from "./support/packages.ts";

type Folded = {
  Resources: Record<string, unknown>;
  Outputs?: Record<string, unknown>;
  Conditions?: Record<string, unknown>;
};

const { foldConditions } = requireTool("./plugins/fold-conditions.cjs") as {
  foldConditions(template: object): Folded;
};

type Term =
  | { op: "equals"; left: string; right: string }
  | { op: "not"; of: Term }
  | { op: "and" | "or"; of: Term[] };

const { term } = fc.letrec<{ term: Term }>((tie) => ({
  term: fc.oneof(
    { depthSize: "small" },
    fc.record({
      op: fc.constant("equals" as const),
      left: fc.constantFrom("a", "b"),
      right: fc.constantFrom("a", "b"),
    }),
    fc.record({ op: fc.constant("not" as const), of: tie("term") as fc.Arbitrary<Term> }),
    fc.record({
      op: fc.constantFrom("and" as const, "or" as const),
      of: fc.array(tie("term") as fc.Arbitrary<Term>, { minLength: 2, maxLength: 3 }),
    }),
  ),
}));

const holds = (condition: Term): boolean => {
  if (condition.op === "equals") return condition.left === condition.right;
  if (condition.op === "not") return !holds(condition.of);
  return condition.op === "and" ? condition.of.every(holds) : condition.of.some(holds);
};

const toCloudFormation = (condition: Term): object => {
  if (condition.op === "equals") return { "Fn::Equals": [condition.left, condition.right] };
  if (condition.op === "not") return { "Fn::Not": [toCloudFormation(condition.of)] };
  return { [condition.op === "and" ? "Fn::And" : "Fn::Or"]: condition.of.map(toCloudFormation) };
};

test("a resource is kept, and a value chosen, exactly where its condition holds", () => {
  fc.assert(
    fc.property(term, (condition) => {
      const folded = foldConditions({
        Conditions: { Given: toCloudFormation(condition), Same: { Condition: "Given" } },
        Resources: {
          Kept: { Type: "X", Properties: { A: { "Fn::If": ["Same", [1], 2] } } },
          Some: { Type: "X", Condition: "Given" },
        },
        Outputs: { Out: { Condition: "Same", Value: 1 } },
      });
      const isTrue = holds(condition);
      expect(folded).toEqual({
        Resources: {
          Kept: { Type: "X", Properties: { A: isTrue ? [1] : 2 } },
          ...(isTrue ? { Some: { Type: "X" } } : {}),
        },
        Outputs: isTrue ? { Out: { Value: 1 } } : {},
      });
    }),
  );
});

test("what is left out leaves no trace in lists and maps", () => {
  const folded = foldConditions({
    Conditions: { Never: { "Fn::Equals": ["a", "b"] } },
    Resources: {
      A: {
        Type: "X",
        Properties: {
          List: [1, { "Fn::If": ["Never", 2, { Ref: "AWS::NoValue" }] }],
          Gone: { "Fn::If": ["Never", 2, { Ref: "AWS::NoValue" }] },
          Stays: { Ref: "AWS::Region" },
        },
      },
    },
  });
  expect(folded.Resources.A).toEqual({
    Type: "X",
    Properties: { List: [1], Stays: { Ref: "AWS::Region" } },
  });
});

test("what only CloudFormation knows is left to it", () => {
  const template = {
    Conditions: {
      Unknown: { "Fn::Equals": [{ Ref: "AWS::Region" }, "eu-west-1"] },
      Known: { "Fn::Equals": [1, "1"] },
      Both: { "Fn::And": [{ Condition: "Unknown" }, { Condition: "Known" }] },
    },
    Resources: {
      A: { Type: "X", Condition: "Both", Properties: { B: { "Fn::If": ["Unknown", 1, 2] } } },
    },
  };
  const { Known: _known, ...Conditions } = template.Conditions;
  expect(foldConditions(template).Resources).toEqual(template.Resources);
  expect(foldConditions(template).Conditions).toMatchObject({ Unknown: Conditions.Unknown });
});

test("a condition that is not there, or rests on itself, is refused", () => {
  const resources = { A: { Type: "X", Condition: "Nowhere" } };
  expect(() => foldConditions({ Resources: resources })).toThrow("no condition Nowhere");
  const circle = { A: { Condition: "B" }, B: { Condition: "A" } };
  expect(() => foldConditions({ Conditions: circle, Resources: {} })).toThrow();
});
