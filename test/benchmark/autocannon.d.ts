// The part of autocannon that load.ts uses; the package brings no types.

declare module 'autocannon' {
  interface Request {
    readonly method?: string;
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  }

  interface Options {
    readonly url: string;
    readonly connections: number;
    readonly duration?: number;
    readonly amount?: number;
    readonly requests: readonly { readonly setupRequest: (defaults: Request) => Request }[];
  }

  interface Result {
    readonly errors: number;
    readonly timeouts: number;
  }

  interface Run extends Promise<Result> {
    on(event: 'start', listener: () => void): this;
    on(
      event: 'response',
      listener: (client: unknown, status: number, bytes: number, milliseconds: number) => void,
    ): this;
  }

  export default function autocannon(options: Options): Run;
}
