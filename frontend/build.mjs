// Builds the script and the style sheet of Cardcase, and the small script of the claim page. `npm run build`, or `npm run watch` while designing.
import { context, build } from "esbuild";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const options = {
  entryPoints: [
    { in: here("js/app.js"), out: "app" },
    { in: here("css/app.css"), out: "app" },
    { in: here("js/claim.js"), out: "claim" },
  ],
  outdir: here("../src/cardcase/shell/static/build"),
  bundle: true,
  minify: true,
  target: ["es2020", "chrome100", "safari15", "firefox100"],
  legalComments: "linked",
  logLevel: "warning",
};

if (process.argv.includes("--watch")) {
  const watcher = await context({ ...options, minify: false, logLevel: "info" });
  await watcher.watch();
} else {
  await build(options);
}
