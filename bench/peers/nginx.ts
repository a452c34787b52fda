/** nginx with sendfile and two workers. */
import { Daemon } from "../daemon.ts";
import type { Stage } from "../stage.ts";
import { isBound, PEER } from "../wire.ts";

/** The program. */
export const NGINX = "nginx";
/** Where it listens on {@link PEER}. */
export const NGINX_PORT = 8880;

function config(folder: string, root: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder};`);
  return `worker_processes 2; daemon off; user nobody nogroup; pid ${folder}/pid; error_log stderr;
events { worker_connections 1024; }
http { access_log off; sendfile on; keepalive_requests 1000000; ${temporary.join(" ")}
  server { listen ${PEER}:${NGINX_PORT}; root ${root}; } }
`;
}

/** Starts it over a folder. */
export async function startNginx(stage: Stage, root: string): Promise<Daemon> {
  const folder = stage.newFolder("nginx");
  await Deno.writeTextFile(`${folder}/nginx.conf`, config(folder, root));
  return await Daemon.start(stage, {
    program: NGINX,
    args: ["-c", `${folder}/nginx.conf`],
    isReady: () => isBound("tcp", PEER, NGINX_PORT),
  });
}
