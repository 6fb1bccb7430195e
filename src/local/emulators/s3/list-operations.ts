import { S3_LIST_MAX_KEYS } from "../../../shared/core/limits.ts";
import { countOf, type Operation, OWNER_XML } from "./call.ts";
import { invalidArgument } from "./errors.ts";
import { type ListItem, type ListPosition, listPage } from "./list-page.ts";
import { xmlReply } from "./reply.ts";
import type { ObjectEntry } from "./state.ts";
import { compareUtf8 } from "./utf8-order.ts";
import { element } from "./xml.ts";

/** Opaque to clients: says where the page ended, not how many keys came before. */
export const encodePosition = (position: NonNullable<ListPosition>): string =>
  Buffer.from(`${position.isPrefix ? "p" : "k"}${position.after}`).toString("base64url");

const decodePosition = (token: string): ListPosition => {
  const text = Buffer.from(token, "base64url").toString();
  const isValid = /^[pk]/.test(text) && Buffer.from(text).toString("base64url") === token;
  if (!isValid)
    throw invalidArgument(
      "The continuation token provided is incorrect",
      "continuation-token",
      token,
    );
  return { after: text.slice(1), isPrefix: text.startsWith("p") };
};

/** A name in a listing: URL-encoded as Amazon does it where asked for. */
export const nameEncoder = (query: URLSearchParams): ((name: string) => string) => {
  const encoding = query.get("encoding-type");
  if (encoding === null || encoding === "") return (name) => name;
  if (encoding !== "url")
    throw invalidArgument(
      "Invalid Encoding Method specified in Request",
      "encoding-type",
      encoding,
    );
  return (name) =>
    encodeURIComponent(name)
      .replace(/%20/g, "+")
      .replace(/%2F/g, "/")
      .replace(/[!'()]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
};

const itemXml =
  (encode: (name: string) => string, owner: string) =>
  (item: ListItem<ObjectEntry>): string =>
    item.kind === "prefix"
      ? `<CommonPrefixes>${element("Prefix", encode(item.prefix))}</CommonPrefixes>`
      : `<Contents>${element("Key", encode(item.key))}${element(
          "LastModified",
          new Date(item.value.modifiedAt).toISOString(),
        )}${element("ETag", `"${item.value.etag}"`)}${element("Size", item.value.size)}${owner}<StorageClass>STANDARD</StorageClass></Contents>`;

const nameOf = (item: ListItem<ObjectEntry> | undefined): string =>
  item === undefined ? "" : item.kind === "prefix" ? item.prefix : item.key;

const pageOf = (
  call: Parameters<Operation>[0],
  position: ListPosition,
  maxKeys: number,
  owner: string,
) => {
  const { store, bucket, query } = call;
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const encode = nameEncoder(query);
  const { objects } = store.bucket(bucket);
  const { items, next } = listPage(objects, { prefix, delimiter, position, maxKeys });
  const head = `${element("Name", bucket)}${element("Prefix", encode(prefix))}${
    delimiter === "" ? "" : element("Delimiter", encode(delimiter))
  }${element("MaxKeys", maxKeys)}${
    query.get("encoding-type") === "url" ? element("EncodingType", "url") : ""
  }${element("IsTruncated", next !== undefined)}`;
  return { items, next, encode, delimiter, head, body: items.map(itemXml(encode, owner)).join("") };
};

export const listObjectsV2: Operation = (call) => {
  const { query } = call;
  const token = query.get("continuation-token");
  if (token === "")
    throw invalidArgument(
      "The continuation token provided is incorrect",
      "continuation-token",
      token,
    );
  const startAfter = query.get("start-after") ?? "";
  const position =
    token !== null
      ? decodePosition(token)
      : startAfter === ""
        ? undefined
        : { after: startAfter, isPrefix: false };
  const maxKeys = Math.min(countOf(query, "max-keys", S3_LIST_MAX_KEYS), S3_LIST_MAX_KEYS);
  const owner = query.get("fetch-owner") === "true" ? OWNER_XML : "";
  const { items, next, encode, head, body } = pageOf(call, position, maxKeys, owner);
  return xmlReply(
    "ListBucketResult",
    `${head}${element("KeyCount", items.length)}${element("ContinuationToken", token ?? undefined)}${
      startAfter === "" ? "" : element("StartAfter", encode(startAfter))
    }${element("NextContinuationToken", next && encodePosition(next))}${body}`,
  );
};

export const listObjects: Operation = (call) => {
  const { query } = call;
  const marker = query.get("marker") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const prefix = query.get("prefix") ?? "";
  // A marker that is a common prefix stands behind all it holds; else paging would repeat it.
  const isPrefix =
    delimiter !== "" &&
    marker.length > prefix.length &&
    marker.startsWith(prefix) &&
    marker.indexOf(delimiter, prefix.length) === marker.length - delimiter.length;
  const position = marker === "" ? undefined : { after: marker, isPrefix };
  const maxKeys = Math.min(countOf(query, "max-keys", S3_LIST_MAX_KEYS), S3_LIST_MAX_KEYS);
  const { items, next, encode, head, body } = pageOf(call, position, maxKeys, OWNER_XML);
  // Without a delimiter the last key serves as the next marker, and S3 leaves it out.
  const nextMarker =
    next !== undefined && delimiter !== "" ? encode(nameOf(items.at(-1))) : undefined;
  return xmlReply(
    "ListBucketResult",
    `${head}${element("Marker", encode(marker))}${element("NextMarker", nextMarker)}${body}`,
  );
};

export const listMultipartUploads: Operation = ({ store, bucket, query }) => {
  store.bucket(bucket);
  const encode = nameEncoder(query);
  const prefix = query.get("prefix") ?? "";
  const keyMarker = query.get("key-marker") ?? "";
  const idMarker = query.get("upload-id-marker") ?? "";
  const maxUploads = Math.min(countOf(query, "max-uploads", S3_LIST_MAX_KEYS), S3_LIST_MAX_KEYS);
  const isAfterMarker = (key: string, id: string): boolean => {
    if (keyMarker === "") return true;
    const order = compareUtf8(key, keyMarker);
    return order > 0 || (order === 0 && idMarker !== "" && id > idMarker);
  };
  const rest = [...store.uploads.values()]
    .filter(({ bucket: name, key }) => name === bucket && key.startsWith(prefix))
    .filter(({ key, id }) => isAfterMarker(key, id))
    .sort((a, b) => compareUtf8(a.key, b.key) || (a.id < b.id ? -1 : 1));
  const page = rest.slice(0, maxUploads);
  const last = page.at(-1);
  const isTruncated = last !== undefined && rest.length > page.length;
  const uploads = page.map(
    ({ id, key, createdAt }) =>
      `<Upload>${element("Key", encode(key))}${element("UploadId", id)}<Initiator>${OWNER_XML.replace(/<\/?Owner>/g, "")}</Initiator>${OWNER_XML}<StorageClass>STANDARD</StorageClass>${element("Initiated", new Date(createdAt).toISOString())}</Upload>`,
  );
  return xmlReply(
    "ListMultipartUploadsResult",
    `${element("Bucket", bucket)}${element("KeyMarker", encode(keyMarker))}${element("UploadIdMarker", idMarker)}${
      isTruncated
        ? `${element("NextKeyMarker", encode(last.key))}${element("NextUploadIdMarker", last.id)}`
        : ""
    }${element("Prefix", encode(prefix))}${element("MaxUploads", maxUploads)}${
      query.get("encoding-type") === "url" ? element("EncodingType", "url") : ""
    }${element("IsTruncated", isTruncated)}${uploads.join("")}`,
  );
};
