import type { FC } from "hono/jsx";
import { showInvisible } from "../../../shared/core/dashboard/format.ts";
import type { LogLevel } from "../../../shared/core/dashboard/log-level.ts";
import { Shape, type ShapeName } from "../components.tsx";

export const LEVELS: Readonly<Record<LogLevel, { letter: string; shape: ShapeName }>> = {
  fatal: { letter: "F", shape: "fatal" },
  error: { letter: "E", shape: "error" },
  warn: { letter: "W", shape: "warn" },
  info: { letter: "I", shape: "ok" },
  debug: { letter: "D", shape: "muted" },
  trace: { letter: "T", shape: "trace" },
};

/** A level is a letter, a shape and a colour. */
export const LevelMark: FC<{ level: LogLevel | undefined }> = ({ level }) =>
  level === undefined ? (
    <span />
  ) : (
    <span class={`level tone-${level}`} title={level}>
      <Shape name={LEVELS[level].shape} isPlain />
      {LEVELS[level].letter}
    </span>
  );

const LEVEL_CHOICES = [
  ["", "any level"],
  ["fatal,error", "error and worse"],
  ["fatal,error,warn", "warn and worse"],
  ["fatal,error,warn,info", "info and worse"],
  ["none", "none stated"],
] as const;

/** The level as a choice that works without a script. */
export const LevelSelect: FC<{ value: string; id?: string }> = ({ value, id }) => (
  <select name="lvl" id={id} aria-label="Level">
    {LEVEL_CHOICES.map(([levels, label]) => (
      <option value={levels} selected={levels === value}>
        {label}
      </option>
    ))}
    {LEVEL_CHOICES.some(([levels]) => levels === value) ? null : (
      <option value={value} selected>
        {showInvisible(value)}
      </option>
    )}
  </select>
);
