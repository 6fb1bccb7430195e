/** The viewer's keys, for the list that `?` opens. */
export const VIEWER_SHORTCUTS: readonly (readonly [keys: string, does: string])[] = [
  ["j k ↑ ↓", "next, previous line"],
  ["Space", "page down"],
  ["g G", "first, last line"],
  ["Enter", "details"],
  ["c", "lines around it"],
  ["n N", "next, previous match"],
  ["e E", "next, previous error"],
  ["w W", "next, previous warning"],
  ["m", "mark, for the time between"],
  ["y Y", "copy line, copy link"],
  ["z", "wrap"],
  ["t", "times: clock, since mark"],
  ["Esc", "close, clear, zoom out"],
];
