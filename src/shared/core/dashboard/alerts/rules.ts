/** What a rule watches. Lower is better for all of them. */
const RULES = {
  lag: {
    title: "The consumer is behind",
    unit: "s",
    hint: "The consumer is slower than what comes in, or stands still: see the stream's consumers.",
    href: "/streams",
  },
  freshness: {
    title: "Nothing has landed lately",
    unit: "s",
    hint: "Logs are accepted and no object is written: see the consumer, then the bucket.",
    href: "/buckets",
  },
  throttles: {
    title: "Kinesis throttles writes",
    unit: "records/min",
    hint: "Shards are at their limit: add some, or spread the partition keys.",
    href: "/streams",
  },
  error_rate: {
    title: "Logs are refused",
    unit: "share",
    hint: "The senders' answers name each refused log and the reason.",
    href: "/",
  },
  ledger: {
    title: "Accepted logs are missing",
    unit: "logs",
    hint: "Accepted is more than stored, quarantined and in flight: see the ledger.",
    href: "/",
  },
  gap: {
    title: "Hours without an object",
    unit: "hours",
    hint: "A service wrote before and after, and not in between: see the partitions.",
    href: "/buckets",
  },
  spool: {
    title: "The spool fills up",
    unit: "share",
    hint: "Kinesis does not take what comes in; once the spool is full, logs are refused.",
    href: "/",
  },
} as const;

export type RuleName = keyof typeof RULES;

export type Rule = { name: RuleName; threshold: number };

export const ruleNames = Object.keys(RULES) as RuleName[];

export const describeRule = (name: RuleName): (typeof RULES)[RuleName] => RULES[name];

const isRuleName = (text: string): text is RuleName => text in RULES;

/** Its default threshold makes a rule fire on anything above 0. */
const parseRule = (text: string): Rule | string => {
  const [name = "", threshold = "0", ...rest] = text.split(">").map((part) => part.trim());
  if (!isRuleName(name))
    return `"${text}" is no rule: each is one of ${ruleNames.join(", ")}, and a threshold, as lag>60`;
  const value = threshold === "" || rest.length > 0 ? Number.NaN : Number(threshold);
  return value >= 0 && Number.isFinite(value)
    ? { name, threshold: value }
    : `the threshold of "${text}" must be a number of 0 or more`;
};

/**
 * `lag>60,ledger,spool>0.5`: comma-separated, each name once. A name without a threshold fires on
 * anything above 0. Returns what is wrong as a sentence.
 */
export const parseRules = (text: string): Rule[] | string => {
  const parsed = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(parseRule);
  const wrong = parsed.find((rule) => typeof rule === "string");
  if (wrong !== undefined) return wrong;
  const rules = parsed.filter((rule) => typeof rule !== "string");
  const twice = rules.find(
    ({ name }, index) => rules.findIndex((rule) => rule.name === name) < index,
  );
  return twice === undefined ? rules : `"${twice.name}" stands there twice`;
};
