/** Figures as people read them. Unknown stays undefined here: what to show for it is the page's. */

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `12,000`, and `12,000+` where counting stopped early. */
export const formatCount = (count: number, isComplete = true): string =>
  `${grouped.format(count)}${isComplete ? "" : "+"}`;

const BYTE_UNITS = ["B", "KB", "MB", "GB", "TB", "PB"] as const;

/** `812 B`, `4.1 KB`, `171 GB`: steps of 1024, three digits at most. */
export const formatBytes = (bytes: number): string => {
  let value = bytes;
  let unit = 0;
  // 999.5 would round to four digits.
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
};

/** `0.8 s`, `14 s`, `3 m 05 s`, `2 h 14 m`, `4 d 3 h`. Negative spans, from skewed clocks, are 0. */
export const formatDuration = (ms: number): string => {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const pad = (value: number) => String(value).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${pad(whole % 60)} s`;
  if (whole < 86_400)
    return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} m`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
};

/** `2025-11-14 01:13:03Z` */
export const formatTime = (time: Date): string =>
  `${time.toISOString().slice(0, 19).replace("T", " ")}Z`;

const rounded = (value: number): number => Math.round(value * 100) / 100;

/** Kibibytes and mebibytes to two decimals, as the API's `size_kb` and `size_mb` fields. */
export const toKb = (bytes: number): number => rounded(bytes / 1024);
export const toMb = (bytes: number): number => rounded(bytes / 1_048_576);

/** Bidirectional controls, zero-width and control characters, made visible as `⟨U+202E⟩`. */
export const showInvisible = (text: string): string =>
  text.replace(
    /[\p{Cc}\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu,
    (character) =>
      character === "\t"
        ? character
        : `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`,
  );
