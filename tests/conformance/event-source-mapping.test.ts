/**
 * The local event source mapping held to Lambda's own, rule by rule. Each case is named by the rule
 * and the page of AWS's documentation that states it. All run in one file, so that they are counted.
 */
import "./parameters.ts";
import "./batching.ts";
import "./failures.ts";
import "./shards.ts";
