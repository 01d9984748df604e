import { createApp } from "vue";
import Posts from "./vue/src/Posts.vue";

export function mount(at) {
  const app = createApp(Posts);
  app.mount(at);
  return () => app.unmount();
}
