import { randomUUID } from "node:crypto";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { afterAll, beforeAll } from "vitest";
import { type ContractEndpoint, contractEndpoint } from "../../support/contract-endpoint.ts";

/** True where the suite runs against this project's own local AWS. */
export const isOurs = !process.env.CONTRACT_ENDPOINT;

const createClient = (endpoint: string): S3Client =>
  new S3Client({
    region: process.env.AWS_REGION ?? "us-east-1",
    endpoint,
    forcePathStyle: true,
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({ requestTimeout: 20_000 }),
    // Against AWS itself the usual places are asked for credentials.
    ...(process.env.AWS_ACCESS_KEY_ID
      ? {}
      : { credentials: { accessKeyId: "local", secretAccessKey: "local" } }),
  });

export type S3Suite = {
  readonly s3: S3Client;
  readonly endpoint: ContractEndpoint;
  /** A new bucket, removed with all it holds when the file is done. */
  newBucket(): Promise<string>;
  put(
    bucket: string,
    key: string,
    body?: string | Uint8Array,
    more?: Partial<ConstructorParameters<typeof PutObjectCommand>[0]>,
  ): Promise<{ etag: string }>;
  getText(bucket: string, key: string): Promise<string>;
  keys(bucket: string): Promise<string[]>;
};

/** The endpoint under test, for one test file. */
export const useS3 = (): S3Suite => {
  let endpoint: ContractEndpoint | undefined;
  let s3: S3Client | undefined;
  const buckets: string[] = [];
  const opened = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("Only within a test.");
    return value;
  };
  const suite: S3Suite = {
    get s3() {
      return opened(s3);
    },
    get endpoint() {
      return opened(endpoint);
    },
    newBucket: async () => {
      const bucket = `contract-${randomUUID()}`;
      await suite.s3.send(new CreateBucketCommand({ Bucket: bucket }));
      buckets.push(bucket);
      return bucket;
    },
    put: async (bucket, key, body = "x", more = {}) => {
      const put = new PutObjectCommand({ ...more, Bucket: bucket, Key: key, Body: body });
      const { ETag = "" } = await suite.s3.send(put);
      return { etag: ETag };
    },
    getText: async (bucket, key) => {
      const { Body } = await suite.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return (await Body?.transformToString()) ?? "";
    },
    keys: async (bucket) => {
      const { Contents = [] } = await suite.s3.send(new ListObjectsV2Command({ Bucket: bucket }));
      return Contents.map(({ Key = "" }) => Key);
    },
  };
  const empty = async (bucket: string): Promise<void> => {
    for (;;) {
      const { Contents, IsTruncated } = await suite.s3.send(
        new ListObjectsV2Command({ Bucket: bucket }),
      );
      if (!Contents?.length) return;
      const Objects = Contents.map(({ Key }) => ({ Key }));
      await suite.s3.send(
        new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
      );
      if (!IsTruncated) return;
    }
  };
  beforeAll(async () => {
    endpoint = await contractEndpoint();
    s3 = createClient(endpoint.url);
  });
  afterAll(async () => {
    // Ours goes away as a whole; elsewhere the buckets would stay.
    if (endpoint !== undefined && !endpoint.isOurs)
      for (const bucket of buckets) {
        await empty(bucket).catch(() => {});
        await suite.s3.send(new DeleteBucketCommand({ Bucket: bucket })).catch(() => {});
      }
    s3?.destroy();
    await endpoint?.close();
  });
  return suite;
};

/** `"<status> <code>"` of a request that is refused, such as `"404 NoSuchKey"`. */
export const refusal = async (request: Promise<unknown>): Promise<string> => {
  try {
    await request;
  } catch (error) {
    const { name, Code, $metadata } = error as {
      name: string;
      Code?: string;
      $metadata?: { httpStatusCode?: number };
    };
    return `${$metadata?.httpStatusCode} ${Code ?? name}`;
  }
  return "not refused";
};

/** Status and error code of a raw HTTP answer. */
export const rawRefusal = async (response: Response): Promise<string> => {
  const code = /<Code>([^<]*)<\/Code>/.exec(await response.text())?.[1] ?? "";
  return `${response.status} ${code}`.trim();
};
