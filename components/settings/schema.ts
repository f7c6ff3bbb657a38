import { z } from "zod";
import { awsSchema } from "./awsSchema";
import { bytes, duration, instant } from "./quantities";

/**
 * Error texts here read "what is wrong; what to do", with the value in front:
 * components/settings/problems.ts makes findings of them.
 *
 * The settings of one stack, as an engineer writes them under `gpudev:` in
 * `stacks/Pulumi.<stack>.yaml`. The JSON Schema for editors and the
 * configuration reference are generated from the metadata here.
 */

const userName = z
  .string()
  .regex(
    /^[a-z_][a-z0-9_-]{0,30}$/,
    "is no Linux user name; begin with a small letter, go on with small letters, digits, - or _, 31 characters at most",
  )
  .meta({ description: "Login-like name; it names the user's container, network and home." });

const gpuCount = z
  .union(
    [
      z.int().min(0).max(16),
      z.enum(["auto", "none"]),
      z.array(z.union([z.int().min(0), z.string().regex(/^(GPU|MIG)-[0-9A-Za-z-]+$/)])).min(1),
    ],
    {
      error:
        "is no GPU request; give a count, none, auto, or a list of device indexes or UUIDs such as [0, 1]",
    },
  )
  .meta({
    title: "count, `auto`, `none` or list of devices",
    description:
      "Whole GPUs for each user: a count, `none`, `auto` (one where the machine has GPUs, else the CPU), or a list of device indexes or UUIDs.",
  });

const limitsShape = {
  memory: bytes.optional().meta({
    description:
      "Memory limit, such as `16GiB`. Default: the machine's memory less 2 GiB; on a machine with several GPUs the part that goes with the user's. It does not change when users come and go.",
  }),
  cpus: z.number().positive().max(1024).optional().meta({
    description: "CPU limit in cores. Default: all of the machine's cores, shared fairly.",
  }),
  shm: bytes.optional().meta({
    description:
      "Size of /dev/shm, which PyTorch's data loaders use. Default: half of the memory limit, 8 GiB at most.",
  }),
  pids: z.int().min(64).max(4_194_304).optional().meta({
    description: "Most processes and threads in an environment. Default: 4096.",
  }),
};

export const userSchema = z
  .strictObject({
    name: userName,
    sshKeys: z.array(z.string()).default([]).meta({
      description:
        "Public SSH keys, as in `authorized_keys` but without options: Ed25519, ECDSA, their hardware-bound forms (`sk-…`), or RSA of at least 3072 bits.",
    }),
    gpus: gpuCount.optional().meta({ description: "Overrides `gpu.perUser` for this user." }),
    profile: z.string().optional().meta({ description: "Name of one of `profiles`." }),
    principal: z
      .string()
      .regex(
        /^arn:aws[a-z-]*:(iam|sts|identitystore|sso)::?(\d{12})?:.+$/,
        "is no ARN of a person; write one of an IAM user or role, or of an Identity Center user",
      )
      .optional()
      .meta({
        description:
          "On AWS: ARN of the IAM or Identity Center principal that is this user, who alone may open the user's tunnels and read the token.",
      }),
    ...limitsShape,
  })
  .meta({ title: "User", description: "One user of the stack." });

const gpuSchema = z
  .strictObject({
    model: z.string().optional().meta({
      description:
        "GPU model that the stack is meant for, as the catalog names it (`L4`, `RTX 4090`). A machine with another one is a finding.",
    }),
    perUser: gpuCount.default("auto"),
    share: z.boolean().default(false).meta({
      description:
        "Let users share a device once each has none of its own. There is no isolation of memory or faults between them; this shows as a finding.",
    }),
    access: z.enum(["auto", "cdi", "runtime"]).default("auto").meta({
      description:
        "How Docker hands over GPUs: CDI (Docker 26.1 or newer) or the NVIDIA runtime. `auto` takes CDI where it is to be had.",
    }),
  })
  .meta({ title: "GPU", description: "GPUs, and how users get them." });

const aptPackage = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9+.-]+(=[0-9A-Za-z.+:~-]+)?$/,
    "is no Debian package name; write name or name=version",
  );
const pipRequirement = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9,._-]+\])?([=<>!~]=?[=0-9A-Za-z.*+!,<>=~-]+)?$/,
    "is no pip requirement without spaces; write name, name[extra] or name==1.2",
  );

const imageSchema = z
  .strictObject({
    torch: z
      .string()
      .default("2.6.0")
      .meta({ description: "PyTorch release; `2.6` stands for its newest patch release." }),
    cuda: z.string().optional().meta({
      description:
        "CUDA version of the PyTorch build, such as `12.4`. Default: the build that the package index serves for this release (12.4 for torch 2.6).",
    }),
    python: z.string().optional().meta({
      description:
        "Python version. Default: the base's own, 3.10 on ubuntu:22.04, 3.11 on Debian 12.",
    }),
    base: z.string().default("ubuntu:22.04").meta({
      description:
        "Base image: a Debian or Ubuntu image name, best with its digest, or `bootstrap:bookworm`, which gpudev makes from the distribution's own archive where no image hub can be reached.",
    }),
    apt: z.array(aptPackage).default([]).meta({ description: "More Debian packages." }),
    pip: z.array(pipRequirement).default([]).meta({
      description:
        "More Python packages. They form the image's last layer, so that a change rebuilds only that.",
    }),
    indexUrl: z
      .url({ protocol: /^https$/, error: "is no https address; write https://host/path" })
      .optional()
      .meta({
        description:
          "Package index for PyTorch's wheels, such as `https://download.pytorch.org/whl/cu126`. Default: pip's own default index where that serves the build, else PyTorch's index for the CUDA version.",
      }),
    extraCa: z.string().optional().meta({
      description:
        "File with more CA certificates (PEM) for the build, where a proxy inspects TLS. Handed over as a build secret, never part of the image.",
    }),
    uid: z.int().min(1).max(60_000).default(1000).meta({
      description:
        "User and group id inside. The default is that of the first user on most Linux machines, so that mounted folders are writable.",
    }),
    repository: z
      .string()
      .regex(
        /^[a-z0-9]+([._/:-][a-z0-9]+)*$/,
        "is no image repository name; write small letters, digits and . _ - between / signs, such as registry.example.com/ml/pytorch-cuda",
      )
      .default("pytorch-cuda")
      .meta({
        description:
          "Repository that tags are made in, with its registry where it is pushed: `registry.example.com/ml/pytorch-cuda`.",
      }),
    push: z.boolean().default(false).meta({
      description:
        "Push the image to its registry. Credentials come from the Docker client's own login.",
    }),
    existing: z
      .string()
      .regex(
        /@sha256:[0-9a-f]{64}$/,
        "names an image without its digest; write name@sha256:… (`docker images --digests` shows it)",
      )
      .optional()
      .meta({
        description: "Use this image, named by digest, instead of building one.",
      }),
  })
  .meta({ title: "Image", description: "The image that every environment of the stack runs." });

const servicesSchema = z
  .strictObject({
    jupyter: z.boolean().default(true).meta({ description: "JupyterLab." }),
    ssh: z
      .boolean()
      .default(true)
      .meta({ description: "SSH: shell, sftp, port forwarding, VS Code Remote." }),
  })
  .meta({
    title: "Services",
    description: "How users enter their environments; at least one is on.",
  });

const mountSchema = z.strictObject({
  source: z
    .string()
    .regex(/^\//, "is no absolute path on the machine; begin it with /")
    .meta({ description: "Folder on the machine." }),
  target: z
    .string()
    .regex(
      /^\/(workspace|data|mnt)(\/(?!\.{1,2}(\/|$))[\w.-]+)*$/,
      "is no place for a mount; give /workspace, /data, /mnt or a folder below one of them",
    )
    .default("/workspace")
    .meta({ description: "Where it appears inside." }),
  readOnly: z.boolean().default(false).meta({ description: "Mount without write access." }),
  users: z
    .array(userName)
    .optional()
    .meta({ description: "Only for these users. Default: for all." }),
});

const portsSchema = z
  .strictObject({
    jupyter: z
      .int()
      .min(1024)
      .max(65_000)
      .default(8888)
      .meta({ description: "First Jupyter port; a user's is this plus the user's slot." }),
    ssh: z
      .int()
      .min(1024)
      .max(65_000)
      .default(2222)
      .meta({ description: "First SSH port; a user's is this plus the user's slot." }),
  })
  .meta({
    title: "Ports",
    description: "Ports of the machine; inside, Jupyter listens on 8888 and SSH on 2222.",
  });

const networksSchema = z
  .strictObject({
    range: z
      .cidrv4({ error: "is no IPv4 range; write it as 10.213.0.0/16" })
      .default("10.213.0.0/16")
      .meta({
        description:
          "Private IPv4 range; each user gets a network of its own in it: the /29 that the user's slot numbers.",
      }),
  })
  .meta({ title: "Networks", description: "Docker networks of the stack." });

const bindSchema = z
  .strictObject({
    address: z
      .ipv4({ error: "is no IPv4 address; write one such as 127.0.0.1" })
      .default("127.0.0.1")
      .meta({
        description:
          "Address of the machine that ports are published on. Any other than a loopback address needs `exposeToNetwork`.",
      }),
    exposeToNetwork: z.boolean().default(false).meta({
      description:
        "Says on purpose that others on the network may reach the ports. Jupyter then needs `tls`.",
    }),
    tls: z
      .strictObject({
        certificate: z
          .string()
          .meta({ description: "Certificate chain (PEM file on the machine)." }),
        key: z.string().meta({
          description: "Private key (PEM file on the machine, readable by the image's uid).",
        }),
      })
      .optional()
      .meta({ description: "Serve Jupyter by https." }),
  })
  .meta({
    title: "Bind",
    description: "Who can reach the ports. Unless set, only programs on the machine itself.",
  });

const lifetimeSchema = z
  .strictObject({
    idleStop: duration.optional().meta({
      description:
        "Stop an environment after this time without activity, where money runs. Default there: 45m.",
    }),
    until: instant
      .optional()
      .meta({ description: "End of the stack, with its offset: `2026-12-24T18:00:00+01:00`." }),
    max: duration.prefault("30d").meta({
      description: "Furthest that `until` may lie ahead, where money runs.",
    }),
    maxLease: duration.prefault("12h").meta({
      description: "Longest keep-awake lease by which a user may hold off the idle stop.",
    }),
    stopGrace: duration.prefault("30s").meta({
      description: "Time for training to write its checkpoint after SIGTERM.",
    }),
  })
  .meta({ title: "Lifetime", description: "When environments stop." });

const dockerSchema = z
  .strictObject({
    host: z
      .string()
      .regex(
        /^(unix|ssh|tcp):\/\/.+/,
        "is no Docker daemon address; begin it with unix://, ssh:// or tcp://",
      )
      .optional()
      .meta({
        description:
          "Docker daemon, such as `ssh://ada@gpu-box`. Default: the Docker client's own (DOCKER_HOST or its context).",
      }),
    provider: z.enum(["bundled", "official"]).default("bundled").meta({
      description:
        "Pulumi providers for Docker: the small ones that gpudev brings, which need no download, or Pulumi's own. A stack keeps the one that made it: see docs/upgrade-contract.md before changing it.",
    }),
  })
  .meta({ title: "Docker", description: "The Docker daemon that runs the environments." });

export const seatSchema = z.strictObject({
  slot: z.int().min(0).max(65_535).meta({ description: "Fixes the user's ports and network." }),
  host: z
    .int()
    .min(0)
    .default(0)
    .meta({ description: "Which of the stack's machines; a workstation stack has only 0." }),
  devices: z
    .array(z.union([z.int().min(0), z.string()]))
    .optional()
    .meta({ title: "list of device indexes or UUIDs", description: "The user's GPU devices." }),
});

const seatsSchema = z
  .object({
    id: z
      .string()
      .regex(/^[a-z0-9]{6,12}$/, "is no stack id; leave it out, and gpudev writes a new one")
      .optional()
      .meta({ description: "Labels everything that the stack makes." }),
  })
  .catchall(seatSchema)
  .meta({
    title: "Seats",
    description:
      "Who sits where. Written by gpudev; keep it under version control with the rest of the file.",
  });

/** Every setting of a stack. Only `target` and `users` have no default. */
export const settingsSchema = z
  .strictObject({
    target: z.enum(["workstation", "aws"]).meta({
      description:
        "Where environments run: `workstation` (a machine with Docker) or `aws` (EC2 instances with GPUs).",
    }),
    team: z
      .string()
      .min(1)
      .max(63)
      .regex(
        /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
        "is no team name; write small letters, digits and -",
      )
      .optional()
      .meta({
        description: "Users with one budget. Default: the stack's name.",
      }),
    users: z
      .union(
        [
          z
            .string()
            .regex(
              /\.csv$/,
              "is no roster file; write a list of users, or the name of a file that ends in .csv",
            ),
          z.array(userSchema),
        ],
        {
          error:
            "is no list of users; write a list of users, or the name of a roster file that ends in .csv",
        },
      )
      .meta({
        description: "The users, or the name of a roster file (CSV, beside the stack file).",
      }),
    gpu: gpuSchema.prefault({}),
    image: imageSchema.prefault({}),
    limits: z
      .strictObject(limitsShape)
      .prefault({})
      .meta({ title: "Limits", description: "Limits of each environment." }),
    profiles: z
      .record(z.string(), z.strictObject({ gpus: gpuCount.optional(), ...limitsShape }))
      .default({})
      .meta({ description: "Named sets of limits and GPUs that users refer to by `profile`." }),
    services: servicesSchema.prefault({}),
    workspace: z
      .array(mountSchema)
      .default([])
      .meta({ description: "Folders of the machine that appear in environments." }),
    ports: portsSchema.prefault({}),
    networks: networksSchema.prefault({}),
    bind: bindSchema.prefault({}),
    lifetime: lifetimeSchema.prefault({}),
    docker: dockerSchema.prefault({}),
    aws: awsSchema.optional(),
    seats: seatsSchema.default({}),
  })
  .meta({ title: "gpudev stack settings" });

export type User = z.output<typeof userSchema>;
export type Seat = z.output<typeof seatSchema>;
export type GpuRequest = z.output<typeof gpuCount>;
/** Parsed settings: defaults filled in, a roster read, keys and quantities checked. */
export type Settings = Omit<z.output<typeof settingsSchema>, "users" | "team"> & {
  /** The stack's name: the part of `Pulumi.<stack>.yaml`. */
  readonly stack: string;
  readonly team: string;
  readonly users: readonly User[];
  /** Where each user is written, by name: `gpudev:users[1]`, `gpudev:users[team.csv:4]`. */
  readonly userPaths?: Readonly<Record<string, string>>;
};
