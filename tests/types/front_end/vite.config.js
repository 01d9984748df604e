import { svelte } from "@sveltejs/vite-plugin-svelte";
import vue from "@vitejs/plugin-vue";

const lib = { entry: ["react.js", "svelte.js", "vue.js"], formats: ["es"] };

export default {
  // React and Vue ask for it: the development builds, with StrictMode and warnings.
  mode: "development",
  define: { "process.env.NODE_ENV": '"development"' },
  plugins: [svelte({ configFile: false }), vue()],
  build: { lib, minify: false, target: "es2022" },
};
