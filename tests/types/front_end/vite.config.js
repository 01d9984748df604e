import { svelte } from "@sveltejs/vite-plugin-svelte";
import vue from "@vitejs/plugin-vue";

const pages = {
  // The development builds, with StrictMode and warnings.
  define: { "process.env.NODE_ENV": '"development"' },
  build: {
    lib: { entry: ["react.js", "svelte.js", "vue.js"], formats: ["es"] },
    minify: false,
    target: "es2022",
  },
};

export default ({ isSsrBuild }) => ({
  mode: "development",
  plugins: [svelte({ configFile: false }), vue()],
  ...(isSsrBuild ? {} : pages),
});
