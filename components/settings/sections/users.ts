import { z } from "zod";
import { bytes } from "../quantities";

export const userName = z
  .string()
  .regex(
    /^[a-z_][a-z0-9_-]{0,30}$/,
    "is no Linux user name; begin with a small letter, go on with small letters, digits, - or _, 31 characters at most",
  )
  .meta({ description: "Login-like name; it names the user's container, network and home." });

export const gpuCount = z
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

export const limitsShape = {
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
