/** What the installer finds on its kernel's command line. */

/** An installation. */
export interface InstallOrder {
  /** `metalman.image`: the disk image. */
  readonly image: string;
  /** `metalman.done`: asked with POST when the image is written. */
  readonly done?: string;
  /** `ds=nocloud;s=URL/`: where the installed system's cloud-init finds its data. */
  readonly dataSource?: string;
}

function problemOf(name: string, url: string | undefined): string | undefined {
  if (url === undefined || URL.parse(url)?.protocol === "http:") return undefined;
  return `${name}=${url} is not an http:// URL`;
}

/**
 * Reads a command line.
 * @returns what is wrong with it, where it orders no installation
 */
export function readInstallOrder(commandLine: string): InstallOrder | { readonly problem: string } {
  const words = commandLine.split(/\s+/);
  const valueOf = (name: string) => words.findLast((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  const image = valueOf("metalman.image");
  if (image === undefined || image === "") return { problem: "metalman.image=URL is missing" };
  const done = valueOf("metalman.done");
  const dataSource = /^nocloud(?:-net)?;(?:.*;)?s=([^;]*)/i.exec(valueOf("ds") ?? "")?.[1];
  const problem = problemOf("metalman.image", image) ?? problemOf("metalman.done", done) ??
    problemOf("ds=nocloud;s", dataSource);
  if (problem !== undefined) return { problem };
  return { image, ...(done === undefined ? {} : { done }), ...(dataSource === undefined ? {} : { dataSource }) };
}
