import { z } from "zod";
import { absolutePath } from "./absolutePath";
import { userName } from "./users";

export const servicesSchema = z
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

export const mountSchema = z.strictObject({
  source: absolutePath.meta({ description: "Folder on the machine." }),
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

export const portsSchema = z
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

export const networksSchema = z
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

export const bindSchema = z
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
        certificate: absolutePath.meta({
          description: "Certificate chain (PEM file on the machine).",
        }),
        key: absolutePath.meta({
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
