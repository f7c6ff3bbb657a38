import { image } from "./image";
import { serve } from "./server";

/** The bundled `docker-build` provider, for the inputs that gpudev's components send. */
void serve(
  {
    name: "docker-build",
    version: "0.0.22",
    resources: { "docker-build:index:Image": image },
  },
  process.argv.slice(2),
);
