/** How a user reaches an environment: one shape for all targets. */
export interface Endpoint {
  readonly user: string;
  /** Container, pod or unit that serves it. */
  readonly environment: string;
  /** Address of JupyterLab without its token, such as `http://127.0.0.1:8888/lab`. */
  readonly jupyter?: string;
  readonly ssh?: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    /** Name that `ssh` takes with the printed `ssh_config`: `gpudev-<stack>-<user>`. */
    readonly alias: string;
    /** ProxyJump value, where the host is reached through another. */
    readonly proxyJump?: string;
    /** ProxyCommand value, where the host is reached by a command, such as an SSM session. */
    readonly proxyCommand?: string;
  };
  /** Command that makes the Jupyter address answer on this machine; absent where it answers by itself. */
  readonly tunnel?: string;
  /** GPU devices of the environment; empty: CPU. */
  readonly devices: readonly string[];
  /** Price in USD an hour; 0 on one's own machine. */
  readonly pricePerHour: number;
}
