import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { S3Error } from "./errors.ts";

export type Target = {
  /** Empty for requests to the service itself. */
  readonly bucket: string;
  /** Empty for requests to the bucket. Exactly as sent, percent-decoded once. */
  readonly key: string;
  readonly query: URLSearchParams;
};

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error(400, "InvalidURI", "Couldn't parse the specified URI.");
  }
};

const VIRTUAL_HOST =
  /^(.+?)(?:\.s3(?:[.-][a-z0-9-]+)?)?\.(?:localhost|localhost\.localstack\.cloud)$/i;

/** The bucket in a host name such as `logs.localhost` or `logs.s3.localhost.localstack.cloud`. */
const bucketOfHost = (headers: IncomingHttpHeaders): string | undefined => {
  const host = String(headers.host ?? headers[":authority"] ?? "").replace(/:\d+$/, "");
  const bucket = VIRTUAL_HOST.exec(host)?.[1];
  return bucket === "s3" || bucket === "localhost" ? undefined : bucket;
};

/** Bucket, key and query of a request, path-style or virtual-host style. Nothing is normalised. */
export const targetOf = ({ url = "/", headers }: IncomingMessage): Target => {
  const relative = url.replace(/^https?:\/\/[^/?]*/i, "");
  const mark = relative.indexOf("?");
  const path = (mark < 0 ? relative : relative.slice(0, mark)).replace(/^\//, "");
  const query = new URLSearchParams(mark < 0 ? "" : relative.slice(mark + 1));
  const hosted = bucketOfHost(headers);
  if (hosted !== undefined) return { bucket: hosted, key: decode(path), query };
  const slash = path.indexOf("/");
  return slash < 0
    ? { bucket: decode(path), key: "", query }
    : { bucket: decode(path.slice(0, slash)), key: decode(path.slice(slash + 1)), query };
};

/** Sub-resources of a bucket that are stored and given back as they came. */
export const BUCKET_CONFIGS = [
  "cors",
  "encryption",
  "lifecycle",
  "notification",
  "ownershipControls",
  "policy",
  "publicAccessBlock",
  "tagging",
  "versioning",
] as const;
export type BucketConfigName = (typeof BUCKET_CONFIGS)[number];

const OTHER_BUCKET_RESOURCES = [
  "accelerate",
  "acl",
  "analytics",
  "intelligent-tiering",
  "inventory",
  "logging",
  "metrics",
  "object-lock",
  "policyStatus",
  "replication",
  "requestPayment",
  "session",
  "versions",
  "website",
];
const OTHER_OBJECT_RESOURCES = [
  "acl",
  "attributes",
  "legal-hold",
  "restore",
  "retention",
  "select",
  "torrent",
];

export const CONFIG_OPERATIONS: Readonly<Record<BucketConfigName, string>> = {
  cors: "BucketCors",
  encryption: "BucketEncryption",
  lifecycle: "BucketLifecycleConfiguration",
  notification: "BucketNotificationConfiguration",
  ownershipControls: "BucketOwnershipControls",
  policy: "BucketPolicy",
  publicAccessBlock: "PublicAccessBlock",
  tagging: "BucketTagging",
  versioning: "BucketVersioning",
};

const verbOf = (method: string): string | undefined =>
  ({ GET: "Get", PUT: "Put", DELETE: "Delete" })[method];

const methodNotAllowed = (): S3Error =>
  new S3Error(
    405,
    "MethodNotAllowed",
    "The specified method is not allowed against this resource.",
  );

const bucketOperation = (method: string, query: URLSearchParams): string => {
  const config = BUCKET_CONFIGS.find((name) => query.has(name));
  const verb = verbOf(method);
  if (config !== undefined && verb !== undefined) return `${verb}${CONFIG_OPERATIONS[config]}`;
  if (method === "GET" && query.has("acl")) return "GetBucketAcl";
  const other = OTHER_BUCKET_RESOURCES.find((name) => query.has(name));
  if (other !== undefined) return `?${other}`;
  if (method === "PUT") return "CreateBucket";
  if (method === "HEAD") return "HeadBucket";
  if (method === "DELETE") return "DeleteBucket";
  if (method === "POST") return query.has("delete") ? "DeleteObjects" : "?form upload";
  if (method !== "GET") throw methodNotAllowed();
  if (query.has("location")) return "GetBucketLocation";
  if (query.has("uploads")) return "ListMultipartUploads";
  return query.get("list-type") === "2" ? "ListObjectsV2" : "ListObjects";
};

const objectOperation = (
  method: string,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
): string => {
  const verb = verbOf(method);
  if (query.has("tagging") && verb !== undefined) return `${verb}ObjectTagging`;
  if (method === "GET" && query.has("acl")) return "GetObjectAcl";
  const other = OTHER_OBJECT_RESOURCES.find((name) => query.has(name));
  if (other !== undefined) return `?${other}`;
  const isCopy = headers["x-amz-copy-source"] !== undefined;
  if (query.has("uploadId")) {
    if (method === "PUT") return isCopy ? "UploadPartCopy" : "UploadPart";
    if (method === "POST") return "CompleteMultipartUpload";
    if (method === "DELETE") return "AbortMultipartUpload";
    if (method === "GET") return "ListParts";
    throw methodNotAllowed();
  }
  if (method === "POST" && query.has("uploads")) return "CreateMultipartUpload";
  if (method === "PUT") return isCopy ? "CopyObject" : "PutObject";
  if (method === "GET") return "GetObject";
  if (method === "HEAD") return "HeadObject";
  if (method === "DELETE") return "DeleteObject";
  throw methodNotAllowed();
};

/** The S3 operation a request asks for; `?name` for one that is not implemented here. */
export const operationOf = (
  method: string,
  { bucket, key, query }: Target,
  headers: IncomingHttpHeaders,
): string => {
  if (key !== "") return objectOperation(method, query, headers);
  if (bucket !== "") return bucketOperation(method, query);
  if (method === "GET") return "ListBuckets";
  throw methodNotAllowed();
};
