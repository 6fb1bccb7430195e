import { countOf, MAX_DOCUMENT_BYTES, type Operation, OWNER_XML } from "./call.ts";
import { invalidArgument, malformedXml, S3Error } from "./errors.ts";
import { isBucketName } from "./names.ts";
import { receiveText } from "./receive.ts";
import { emptyReply, xmlReply } from "./reply.ts";
import type { BucketConfigName } from "./target.ts";
import { childText, element, parseXml } from "./xml.ts";

const DEFAULT_REGION = "us-east-1";
const MAX_BUCKETS = 10_000;

/** The region a request was signed for. */
const regionOf = (authorization: string | undefined): string =>
  /Credential=[^/]*\/\d{8}\/([^/]+)\/s3\//.exec(authorization ?? "")?.[1] ?? DEFAULT_REGION;

const iso = (time: number): string => new Date(time).toISOString();

export const listBuckets: Operation = ({ store, query }) => {
  const prefix = query.get("prefix") ?? "";
  const after = query.get("continuation-token");
  const maxBuckets = countOf(query, "max-buckets", MAX_BUCKETS);
  if (maxBuckets === 0 || maxBuckets > MAX_BUCKETS)
    throw invalidArgument(
      "Argument max-buckets must be between 1 and 10000.",
      "max-buckets",
      String(maxBuckets),
    );
  const all = [...store.buckets.values()]
    .filter(({ name }) => name.startsWith(prefix))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const start = after === null ? "" : Buffer.from(after, "base64url").toString();
  const rest = all.filter(({ name }) => name > start);
  const page = rest.slice(0, maxBuckets);
  const last = page.at(-1);
  const next =
    rest.length > page.length && last !== undefined
      ? Buffer.from(last.name).toString("base64url")
      : undefined;
  const buckets = page.map(
    ({ name, createdAt, location }) =>
      `<Bucket>${element("Name", name)}${element("CreationDate", iso(createdAt))}${element(
        "BucketRegion",
        location ?? DEFAULT_REGION,
      )}</Bucket>`,
  );
  return xmlReply(
    "ListAllMyBucketsResult",
    `${OWNER_XML}<Buckets>${buckets.join("")}</Buckets>${element("ContinuationToken", next)}${
      prefix === "" ? "" : element("Prefix", prefix)
    }`,
  );
};

export const createBucket: Operation = async ({ store, bucket, request, headers, now }) => {
  const body = await receiveText(request, MAX_DOCUMENT_BYTES);
  if (!isBucketName(bucket))
    throw new S3Error(400, "InvalidBucketName", "The specified bucket is not valid.", {
      details: { BucketName: bucket },
    });
  const region = regionOf(headers.authorization);
  const location =
    body.trim() === ""
      ? undefined
      : childText(parseXml(body, "CreateBucketConfiguration"), "LocationConstraint");
  if (location !== undefined && location !== region && region !== DEFAULT_REGION)
    throw new S3Error(
      400,
      "IllegalLocationConstraintException",
      `The ${location} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    );
  const present = store.buckets.get(bucket);
  if (present === undefined)
    store.commit([{ op: "bucket", bucket, at: now(), location: location || undefined }]);
  // Only us-east-1 takes a second creation by the owner for a success.
  else if (present.location !== undefined || region !== DEFAULT_REGION)
    throw new S3Error(
      409,
      "BucketAlreadyOwnedByYou",
      "Your previous request to create the named bucket succeeded and you already own it.",
      { details: { BucketName: bucket } },
    );
  return emptyReply(200, { location: `/${bucket}` });
};

export const headBucket: Operation = ({ store, bucket }) => ({
  status: 200,
  headers: {
    "content-type": "application/xml",
    "x-amz-bucket-region": store.bucket(bucket).location ?? DEFAULT_REGION,
  },
});

export const deleteBucket: Operation = ({ store, bucket }) => {
  if (store.bucket(bucket).objects.size > 0)
    throw new S3Error(409, "BucketNotEmpty", "The bucket you tried to delete is not empty", {
      details: { BucketName: bucket },
    });
  store.commit([{ op: "dropBucket", bucket }]);
  return emptyReply(204);
};

export const getBucketLocation: Operation = ({ store, bucket }) => {
  const { location } = store.bucket(bucket);
  return xmlReply("LocationConstraint", location ?? "");
};

export const getAcl: Operation = ({ store, bucket, key }) => {
  const { objects } = store.bucket(bucket);
  if (key !== "" && objects.get(key) === undefined)
    throw new S3Error(404, "NoSuchKey", "The specified key does not exist.");
  const grantee = `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">${OWNER_XML.replace(/<\/?Owner>/g, "")}</Grantee>`;
  return xmlReply(
    "AccessControlPolicy",
    `${OWNER_XML}<AccessControlList><Grant>${grantee}<Permission>FULL_CONTROL</Permission></Grant></AccessControlList>`,
  );
};

type Config = {
  /** Root of the document; undefined for a policy, which is JSON. */
  root?: string;
  /** What GET answers before anything was put: a document's inside, or an error. */
  absent: string | { code: string; message: string };
  putStatus?: 200 | 204;
};

const CONFIGS: Readonly<Record<BucketConfigName, Config>> = {
  cors: {
    root: "CORSConfiguration",
    absent: {
      code: "NoSuchCORSConfiguration",
      message: "The CORS configuration does not exist",
    },
  },
  encryption: {
    root: "ServerSideEncryptionConfiguration",
    absent:
      "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule>",
  },
  lifecycle: {
    root: "LifecycleConfiguration",
    absent: {
      code: "NoSuchLifecycleConfiguration",
      message: "The lifecycle configuration does not exist",
    },
  },
  notification: { root: "NotificationConfiguration", absent: "" },
  ownershipControls: {
    root: "OwnershipControls",
    absent: {
      code: "OwnershipControlsNotFoundError",
      message: "The bucket ownership controls were not found",
    },
  },
  policy: {
    absent: { code: "NoSuchBucketPolicy", message: "The bucket policy does not exist" },
    putStatus: 204,
  },
  publicAccessBlock: {
    root: "PublicAccessBlockConfiguration",
    absent: {
      code: "NoSuchPublicAccessBlockConfiguration",
      message: "The public access block configuration was not found",
    },
  },
  tagging: {
    root: "Tagging",
    absent: { code: "NoSuchTagSet", message: "The TagSet does not exist" },
    putStatus: 204,
  },
  versioning: { root: "VersioningConfiguration", absent: "" },
};

export const getConfig =
  (name: BucketConfigName): Operation =>
  ({ store, bucket }) => {
    const { root, absent } = CONFIGS[name];
    const text = store.bucket(bucket).configs.get(name);
    if (text !== undefined)
      return {
        status: 200,
        headers: { "content-type": root === undefined ? "application/json" : "application/xml" },
        body: text,
      };
    if (typeof absent === "string") return xmlReply(root ?? "", absent);
    throw new S3Error(404, absent.code, absent.message, { details: { BucketName: bucket } });
  };

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** Kept and given back; nothing here acts on it. */
export const putConfig =
  (name: BucketConfigName): Operation =>
  async ({ store, bucket, request }) => {
    const { root, putStatus } = CONFIGS[name];
    const text = await receiveText(request, MAX_DOCUMENT_BYTES);
    store.bucket(bucket);
    if (root === undefined) {
      if (!isJson(text)) throw new S3Error(400, "MalformedPolicy", "Policies must be valid JSON.");
    } else {
      const document = parseXml(text, root);
      if (name === "versioning" && childText(document, "Status") === undefined)
        throw malformedXml();
      if (name === "versioning" && childText(document, "Status") === "Enabled")
        throw new S3Error(501, "NotImplemented", "The local S3 keeps no versions of objects.");
    }
    store.commit([{ op: "config", bucket, name, text }]);
    return emptyReply(putStatus ?? 200);
  };

export const deleteConfig =
  (name: BucketConfigName): Operation =>
  ({ store, bucket }) => {
    if (store.bucket(bucket).configs.has(name))
      store.commit([{ op: "config", bucket, name, text: null }]);
    return emptyReply(204);
  };
