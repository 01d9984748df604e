import { mount as put, unmount } from "svelte";
import Account from "./svelte/src/Account.svelte";
import PostForm from "./svelte/src/PostForm.svelte";
import Posts from "./svelte/src/Posts.svelte";

export { pb } from "./svelte/src/pb";

const parts = { Account, PostForm, Posts };

export function mount(name, at, props = {}) {
  const part = put(parts[name], { target: at, props });
  return () => unmount(part);
}
