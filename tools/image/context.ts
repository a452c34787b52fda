/** What of the checkout `COPY . .` takes: .dockerignore, in the one form that ours has. */

/**
 * The names at the top of the checkout that are sent. The file refuses everything (`*`) and then lists exceptions (`!name`):
 * a new file is left out until somebody asks for it, so that no key or cache gets into an image.
 * @throws for any other line
 */
export function contextNames(dockerignore: string): readonly string[] {
  const [first, ...rest] = dockerignore.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  if (first !== "*") throw new Error(`.dockerignore has to begin with "*": it begins with "${first ?? ""}"`);
  return rest.map((line) => {
    const name = /^!([\w-][\w.-]*)$/.exec(line)?.[1];
    if (name === undefined) {
      throw new Error(`.dockerignore: "${line}" is not understood; write "!NAME" of the top folder`);
    }
    return name;
  });
}
