import { type Context, Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { QueryError } from "../query.ts";

/** What a reader chose; kept in cookies, so that the first answer is already right. */
export type Preferences = {
  readonly theme: "dark" | "light" | "auto";
  /** Times are written in UTC; `local` has the browser write them again. */
  readonly zone: "utc" | "local";
};

const CHOICES = { theme: ["dark", "light", "auto"], zone: ["utc", "local"] } as const;
const YEAR_SECONDS = 365 * 24 * 3_600;

const choiceOf = <T extends string>(value: string | undefined, choices: readonly T[]) =>
  choices.find((choice) => choice === value);

export const preferencesOf = (c: Context): Preferences => ({
  theme: choiceOf(getCookie(c, "theme"), CHOICES.theme) ?? "dark",
  zone: choiceOf(getCookie(c, "zone"), CHOICES.zone) ?? "utc",
});

/** A path of this site; anything a browser could read as another host is not. */
const isOwnPath = (path: string): boolean => /^\/(?![/\\])[^\\\r\n]*$/.test(path);

/** `GET /preferences?theme=light&back=/streams`: sets a cookie and returns; a link does, no script. */
export const createPreferenceRoutes = (): Hono => {
  const app = new Hono();
  app.get("/preferences", (c) => {
    for (const name of ["theme", "zone"] as const) {
      const asked = c.req.query(name);
      if (asked === undefined) continue;
      const choice = choiceOf<string>(asked, CHOICES[name]);
      if (choice === undefined)
        throw new QueryError(name, `${name} must be one of ${CHOICES[name].join(", ")}.`);
      setCookie(c, name, choice, { path: "/", maxAge: YEAR_SECONDS, sameSite: "Lax" });
    }
    const back = c.req.query("back") ?? "/";
    c.header("Cache-Control", "no-store");
    return c.redirect(isOwnPath(back) ? back : "/", 303);
  });
  return app;
};
