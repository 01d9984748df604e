import { createApp } from "vue";
import Account from "./vue/src/Account.vue";
import PostForm from "./vue/src/PostForm.vue";
import Posts from "./vue/src/Posts.vue";

export { pb } from "./vue/src/pb";

const parts = { Account, PostForm, Posts };

export function mount(name, at, props = {}) {
  const app = createApp(parts[name], props);
  app.mount(at);
  return () => app.unmount();
}
