import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

export const CHECKSUM_ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

/** Bytes of each algorithm's value. */
export const CHECKSUM_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

export const checksumHeader = (algorithm: ChecksumAlgorithm): string =>
  `x-amz-checksum-${algorithm.toLowerCase()}`;

/** Takes bytes piece by piece; `digest` ends it. */
export type Checksum = { update(bytes: Uint8Array): void; digest(): Buffer };

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

const crc32Checksum = (): Checksum => {
  let value = 0;
  return {
    update: (bytes) => {
      value = crc32(bytes, value);
    },
    digest: () => uint32(value),
  };
};

/** Castagnoli, reflected. */
const CRC32C_POLYNOMIAL = 0x82f63b78;
const crc32cTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1)
    value = value & 1 ? (value >>> 1) ^ CRC32C_POLYNOMIAL : value >>> 1;
  return value;
});

const crc32cChecksum = (): Checksum => {
  let value = -1;
  return {
    update: (bytes) => {
      for (const byte of bytes)
        value = (crc32cTable[(value ^ byte) & 255] as number) ^ (value >>> 8);
    },
    digest: () => uint32(~value),
  };
};

/** NVMe's CRC-64, reflected, in two halves: BigInt would be a hundred times slower. */
const CRC64_POLYNOMIAL_HIGH = 0x9a6c9329;
const CRC64_POLYNOMIAL_LOW = 0xac4bc9b5;
const crc64High = new Int32Array(256);
const crc64Low = new Int32Array(256);
for (let byte = 0; byte < 256; byte += 1) {
  let high = 0;
  let low = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    const isOdd = low & 1;
    low = (low >>> 1) | (high << 31);
    high = high >>> 1;
    if (isOdd) {
      high ^= CRC64_POLYNOMIAL_HIGH;
      low ^= CRC64_POLYNOMIAL_LOW;
    }
  }
  crc64High[byte] = high;
  crc64Low[byte] = low;
}

const crc64Checksum = (): Checksum => {
  let high = -1;
  let low = -1;
  return {
    update: (bytes) => {
      for (const byte of bytes) {
        const at = (low ^ byte) & 255;
        low = ((low >>> 8) | (high << 24)) ^ (crc64Low[at] as number);
        high = (high >>> 8) ^ (crc64High[at] as number);
      }
    },
    digest: () => Buffer.concat([uint32(~high), uint32(~low)]),
  };
};

/** A running checksum of one of S3's algorithms. */
export const createChecksum = (algorithm: ChecksumAlgorithm): Checksum => {
  if (algorithm === "CRC32") return crc32Checksum();
  if (algorithm === "CRC32C") return crc32cChecksum();
  if (algorithm === "CRC64NVME") return crc64Checksum();
  return createHash(algorithm.toLowerCase());
};
