// Builds the one script and the one style sheet of Cardcase. `npm run build`, or `npm run watch` while designing.
import { context, build } from "esbuild";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const options = {
  entryPoints: { app: here("js/app.js"), style: here("css/app.css") },
  outdir: here("../src/cardcase/shell/static/build"),
  entryNames: "app",
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
