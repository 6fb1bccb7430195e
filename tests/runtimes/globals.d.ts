// The few globals that the examples use; the types of neither runtime are installed.
type FetchHandler = (request: Request) => Response | Promise<Response>;

declare const Deno: {
  env: { get(name: string): string | undefined; toObject(): Record<string, string> };
  serve(options: { hostname: string; port: number }, handler: FetchHandler): unknown;
};

declare const Bun: {
  env: Record<string, string | undefined>;
  serve(options: {
    hostname: string;
    port: string | number | undefined;
    fetch: FetchHandler;
  }): unknown;
};
