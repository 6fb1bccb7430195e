/** RFC 3339 in any fraction, `2026-11-22 10:00`, or epoch milliseconds; UTC where it has no zone. */
export const parseTimeText = (text: string): number | undefined => {
  const trimmed = text.trim();
  if (/^\d{12,14}$/.test(trimmed)) return Number(trimmed);
  const match =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/i.exec(trimmed);
  if (!match) return undefined;
  const [, date, time = "00:00", zone = "Z"] = match;
  const at = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  return Number.isNaN(at) || at < 0 ? undefined : at;
};
