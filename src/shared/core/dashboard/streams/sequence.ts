/** What Kinesis can have made: 1 to 128 digits. */
export const isSequenceNumber = (text: string): boolean => /^(0|[1-9]\d{0,127})$/.test(text);
