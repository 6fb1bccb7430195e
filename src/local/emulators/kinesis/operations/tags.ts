import * as z from "zod";
import { invalidArgument } from "../errors.ts";
import type { Stream } from "../stream.ts";
import { streamTarget, tagKey, tags } from "../validation.ts";
import { type Context, defineOperation, targetStream } from "./operation.ts";

const MAX_TAGS = 50;
/** https://docs.aws.amazon.com/streams/latest/dev/tagging.html#tagging-restrictions */
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

type Tags = Readonly<Record<string, string>>;

/** Throws InvalidArgument where tags have characters that are not allowed, or are too many. */
export const checkTags = (added: Tags, all: Tags): void => {
  for (const text of Object.entries(added).flat())
    if (!TAG_TEXT.test(text))
      throw invalidArgument(
        `Some tags contain invalid characters: ${JSON.stringify(text)}. Valid characters: Unicode letters, digits, white space, _ . : / = + - @.`,
      );
  const count = Object.keys(all).length;
  if (count > MAX_TAGS)
    throw invalidArgument(
      `A stream cannot have more than ${MAX_TAGS} tags associated with it; it would have ${count}.`,
    );
};

const add = (stream: Stream, added: Tags): undefined => {
  const all = { ...stream.meta().tags, ...added };
  checkTags(added, all);
  stream.update({ ...stream.meta(), tags: all });
};

const remove = (stream: Stream, keys: readonly string[]): undefined => {
  const kept = Object.entries(stream.meta().tags).filter(([key]) => !keys.includes(key));
  stream.update({ ...stream.meta(), tags: Object.fromEntries(kept) });
};

const listAll = (stream: Stream): { Key: string; Value: string }[] =>
  Object.entries(stream.meta().tags)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([Key, Value]) => ({ Key, Value }));

const atLeastOne = tags.refine((value) => Object.keys(value).length > 0, {
  params: { constraint: "Member must have length greater than or equal to 1" },
});
const tagKeys = z.array(tagKey).min(1).max(MAX_TAGS);
const resourceArn = z
  .string()
  .min(1)
  .max(2048)
  .regex(/^arn:aws.*:kinesis:.*:\d{12}:.*stream\/\S+$/);

const ofResource = (ResourceARN: string, context: Context): Stream =>
  targetStream({ StreamARN: ResourceARN }, context);

export const tagOperations = {
  AddTagsToStream: defineOperation(
    z.object({ ...streamTarget, Tags: atLeastOne }),
    (input, context) => add(targetStream(input, context), input.Tags),
  ),
  RemoveTagsFromStream: defineOperation(
    z.object({ ...streamTarget, TagKeys: tagKeys }),
    (input, context) => remove(targetStream(input, context), input.TagKeys),
  ),
  ListTagsForStream: defineOperation(
    z.object({
      ...streamTarget,
      ExclusiveStartTagKey: tagKey.nullish(),
      Limit: z.int().min(1).max(MAX_TAGS).nullish(),
    }),
    (input, context) => {
      const after = input.ExclusiveStartTagKey ?? "";
      const rest = listAll(targetStream(input, context)).filter(({ Key }) => Key > after);
      const page = rest.slice(0, input.Limit ?? MAX_TAGS);
      return { Tags: page, HasMoreTags: page.length < rest.length };
    },
  ),
  TagResource: defineOperation(
    z.object({ ResourceARN: resourceArn, Tags: atLeastOne }),
    (input, context) => add(ofResource(input.ResourceARN, context), input.Tags),
  ),
  UntagResource: defineOperation(
    z.object({ ResourceARN: resourceArn, TagKeys: tagKeys }),
    (input, context) => remove(ofResource(input.ResourceARN, context), input.TagKeys),
  ),
  ListTagsForResource: defineOperation(
    z.object({ ResourceARN: resourceArn }),
    (input, context) => ({
      Tags: listAll(ofResource(input.ResourceARN, context)),
    }),
  ),
};
