/** A figure, or why there is none: unknown is never 0. */
export type Known<T> =
  | { readonly value: T; readonly reason: null }
  | { readonly value: null; readonly reason: string };
