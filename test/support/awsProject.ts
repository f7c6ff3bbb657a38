import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { stringify } from "yaml";
import { ROOT } from "./gpudev";
import { run, start, type Ended, type Running } from "./processes";

const MAIN = path.join(ROOT, "dist", "cli", "main.js");
const PLUGIN = path.join(ROOT, "test", "support", "sessionPlugin");

/** A stack on AWS in a folder of its own, as a person has it who only reaches environments. */
export class AwsProject {
  readonly folder: string;
  readonly stackFile: string;

  constructor(
    readonly stack: string,
    private readonly endpoint: string,
  ) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), `gpudev-${stack}-`));
    fs.mkdirSync(path.join(this.folder, "stacks"));
    this.stackFile = path.join(this.folder, "stacks", `Pulumi.${stack}.yaml`);
  }

  write(config: Readonly<Record<string, unknown>>): void {
    const whole: Readonly<Record<string, unknown>> = { target: "aws", ...config };
    const keyed = Object.entries(whole).map(([key, value]) => [`gpudev:${key}`, value] as const);
    fs.writeFileSync(this.stackFile, stringify({ config: Object.fromEntries(keyed) }));
  }

  /** This person's environment: an access key that names them, no other way to AWS, and the plugin on PATH. */
  env(key: string | undefined, changes: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return {
      ...process.env,
      NO_COLOR: "1",
      HOME: this.folder,
      PATH: `${PLUGIN}${path.delimiter}${process.env.PATH ?? ""}`,
      GPUDEV_STATE_DIR: path.join(this.folder, "state"),
      AWS_ENDPOINT_URL: this.endpoint,
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      AWS_EC2_METADATA_DISABLED: "true",
      NO_PROXY: "127.0.0.1,localhost",
      no_proxy: "127.0.0.1,localhost",
      ...(key === undefined ? {} : { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: "secret" }),
      ...changes,
    };
  }

  private arguments(args: readonly string[]): string[] {
    const [command = "", ...rest] = args;
    return [MAIN, command, "--cwd", this.folder, "--stack", this.stack, ...rest];
  }

  /** Runs the command as whoever has the access key. */
  gpudev(key: string | undefined, ...args: string[]): Promise<Ended> {
    return run(process.execPath, this.arguments(args), { env: this.env(key), cwd: this.folder });
  }

  /** The same, with another environment. */
  gpudevIn(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ended> {
    return run(process.execPath, this.arguments(args), { env, cwd: this.folder });
  }

  /** Starts the command and returns at once; it has a process group of its own. */
  start(key: string, ...args: string[]): Running {
    return start(process.execPath, this.arguments(args), {
      env: this.env(key),
      cwd: this.folder,
    });
  }

  get sshConfig(): string {
    return path.join(this.folder, "state", "stacks", this.stack, "ssh_config");
  }

  cleanUp(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
