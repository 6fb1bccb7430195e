import { REFRESHED } from "./refresh.ts";

const FULL = new Intl.DateTimeFormat("sv-SE", {
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
});

const writeLocal = (): void => {
  for (const time of document.querySelectorAll<HTMLTimeElement>("time[datetime]")) {
    const date = new Date(time.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    const text = FULL.format(date);
    if ("exact" in time.dataset) time.textContent = text;
    time.title = text;
  }
};

/** With the zone set to local, writes every `<time>` again: its title, and its text where exact. */
export const startLocalTimes = (): void => {
  if (document.querySelector("[data-zone=local]") === null) return;
  writeLocal();
  document.addEventListener(REFRESHED, writeLocal);
};
