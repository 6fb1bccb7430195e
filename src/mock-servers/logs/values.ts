import type { Random } from "../../shared/core/random.ts";

/** Small makers of plausible values, all out of one stream of chances. */

export const round = (value: number, digits: number): number => {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
};

/** A whole number, both ends included. */
export const int = (random: Random, low: number, high: number): number =>
  low + Math.floor(random.next() * (high - low + 1));

/** Mostly small, seldom large: squared chance. */
export const skewed = (random: Random, low: number, high: number): number =>
  low + random.next() ** 2 * (high - low);

export const percent = (value: number): number => round(Math.min(100, Math.max(0, value)), 2);

export const hex = (random: Random, length: number): string => {
  let text = "";
  while (text.length < length)
    text += Math.floor(random.next() * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
  return text.slice(0, length);
};

export const privateIp = (random: Random): string =>
  `10.${int(random, 0, 31)}.${int(random, 0, 255)}.${int(random, 1, 254)}`;

const PUBLIC_FIRST = [14, 27, 42, 58, 103, 113, 116, 171, 203, 222];

export const publicIp = (random: Random): string =>
  `${random.pick(PUBLIC_FIRST)}.${int(random, 0, 255)}.${int(random, 0, 255)}.${int(random, 1, 254)}`;

const CURRENCIES = [
  { currency: "VND", perUsd: 25_400, digits: 0 },
  { currency: "VND", perUsd: 25_400, digits: 0 },
  { currency: "VND", perUsd: 25_400, digits: 0 },
  { currency: "USD", perUsd: 1, digits: 2 },
  { currency: "EUR", perUsd: 0.92, digits: 2 },
  { currency: "JPY", perUsd: 151, digits: 0 },
  { currency: "SGD", perUsd: 1.34, digits: 2 },
] as const;

/** An amount of 5 to `mostUsd` US dollars, in a currency and with as many decimals as it has. */
export const money = (random: Random, mostUsd = 5_000) => {
  const { currency, perUsd, digits } = random.pick(CURRENCIES);
  const usd = skewed(random, 5, mostUsd);
  return { amount: round(usd * perUsd, digits), currency };
};

export const FOREX_RATES: Readonly<Record<string, number>> = {
  "USD/VND": 25_400,
  "EUR/USD": 1.087,
  "USD/JPY": 151.2,
  "EUR/VND": 27_600,
  "USD/SGD": 1.343,
};

const COUNTRIES = ["VN", "VN", "VN", "VN", "SG", "JP", "KR", "US", "DE", "TH"];

export const country = (random: Random): string => random.pick(COUNTRIES);
