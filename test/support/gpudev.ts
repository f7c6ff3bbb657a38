import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { stringify, parse } from "yaml";
import { removeLabelled } from "./docker";
import { imageSettings } from "./image";
import { run, start, type Ended, type Running } from "./processes";

export const ROOT = path.resolve(__dirname, "..", "..");
const MAIN = path.join(ROOT, "dist", "cli", "main.js");

/** What `gpudev up --json` prints, as far as these tests look at it. */
export interface UpReport {
  /** Operations of the engine and how often; empty where nothing changed. */
  readonly changes: Readonly<Record<string, number>>;
}

export type Config = Readonly<Record<string, unknown>>;

/**
 * One stack in a folder of its own, with a state directory of its own, driven by the real
 * command. `index` keeps its ports and networks apart from the other test files'.
 */
export class Project {
  readonly folder: string;
  readonly stateDir: string;
  readonly stackFile: string;
  readonly env: NodeJS.ProcessEnv;

  private constructor(
    readonly stack: string,
    private readonly index: number,
    env: NodeJS.ProcessEnv,
  ) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), `gpudev-${stack}-`));
    fs.mkdirSync(path.join(this.folder, "stacks"));
    this.stateDir = path.join(this.folder, "state");
    this.stackFile = path.join(this.folder, "stacks", `Pulumi.${stack}.yaml`);
    this.env = { ...process.env, NO_COLOR: "1", ...env, GPUDEV_STATE_DIR: this.stateDir };
  }

  static async create(stack: string, index: number, env: NodeJS.ProcessEnv = {}): Promise<Project> {
    await removeLabelled(`dev.gpudev.stack=${stack}`);
    return new Project(stack, index, env);
  }

  get ports(): { readonly jupyter: number; readonly ssh: number } {
    return { jupyter: 21_000 + 200 * this.index, ssh: 21_100 + 200 * this.index };
  }

  /** Writes the stack file; target, image, ports and network range are filled in. */
  write(config: Config): void {
    const whole: Config = {
      target: "workstation",
      image: imageSettings(),
      ports: this.ports,
      networks: { range: `10.${220 + this.index}.0.0/16` },
      ...config,
    };
    const keyed = Object.fromEntries(
      Object.entries(whole).map(([key, value]) => [`gpudev:${key}`, value]),
    );
    fs.writeFileSync(this.stackFile, stringify({ config: keyed }));
  }

  /** Changes settings in the stack file and leaves all others, the seats among them. */
  change(config: Config): void {
    const file = parse(this.read()) as { config: Record<string, unknown> };
    for (const [key, value] of Object.entries(config)) file.config[`gpudev:${key}`] = value;
    fs.writeFileSync(this.stackFile, stringify(file));
  }

  /** The stack file's text. */
  read(): string {
    return fs.readFileSync(this.stackFile, "utf8");
  }

  private arguments(args: readonly string[]): string[] {
    return [MAIN, ...args, "--cwd", this.folder, "--stack", this.stack];
  }

  gpudev(...args: string[]): Promise<Ended> {
    return run("node", this.arguments(args), { env: this.env, cwd: this.folder });
  }

  /** Starts the command and returns at once; it has a process group of its own. */
  start(...args: string[]): Running {
    return start("node", this.arguments(args), { env: this.env, cwd: this.folder });
  }

  /** Runs a command that has to succeed, and returns its `--json` document. */
  async json<T>(...args: string[]): Promise<T> {
    const result = await this.gpudev(...args, "--json");
    if (result.code !== 0) {
      throw new Error(
        `gpudev ${args.join(" ")} ended with ${result.code ?? result.signal}\n${result.stdout}\n${result.stderr}`,
      );
    }
    return JSON.parse(result.stdout) as T;
  }

  /** `gpudev up`, which has to succeed. */
  up(): Promise<UpReport> {
    return this.json<UpReport>("up", "--yes");
  }

  /** `gpudev destroy`, which has to succeed. */
  async destroy(): Promise<void> {
    await this.json("destroy", "--yes");
  }

  /** A user's Jupyter link with its token, as `gpudev open` prints it. */
  async link(user: string): Promise<string> {
    return (await this.json<{ link: string }>("open", user)).link;
  }

  /** The ssh_config that `up` writes. */
  get sshConfig(): string {
    return path.join(this.stateDir, "stacks", this.stack, "ssh_config");
  }

  container(user: string): string {
    return `gpudev-${this.stack}-${user}`;
  }

  home(user: string): string {
    return `gpudev-${this.stack}-${user}-home`;
  }

  /** Removes everything that the stack made on the daemon, homes too, and its folder. */
  async cleanUp(): Promise<void> {
    await removeLabelled(`dev.gpudev.stack=${this.stack}`);
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
