import { z } from "zod";
import { absolutePath } from "./absolutePath";

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

export const imageSchema = z
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
    extraCa: absolutePath.optional().meta({
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
