/** Orders sequence numbers: they are decimal and longer than a Number can hold. */
export const compareSequence = (a: string, b: string): number => {
  const difference = BigInt(a) - BigInt(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
};

/** What Kinesis can have made: 1 to 128 digits. */
export const isSequenceNumber = (text: string): boolean => /^(0|[1-9]\d{0,127})$/.test(text);
