// 中文：各界面共用的词条之源。新词条先写在这里，其他语言缺少时构建失败。
export const zh = {
  // The house
  "do.close": "关闭",
  "do.not": "取消",
  "do.more": "下一页",
  "do.first_page": "首页",
  "do.older": "更早",
  "do.newest": "最新",
  "list.sentences": "",
  "list.between": "，",

  // States
  "state.loading": "加载中",
  "state.again": "重试",
  "state.now": "立即",
  "state.nothing": "暂无数据。",
  "state.failed": "请求未能完成。",
  "state.not_permitted": "需要权限 {permission}。拥有该权限的人可以查看，或请管理员调整你的角色。",
  "state.gone": "服务器没有响应。",
  "state.gone_since": "{at} 起没有响应。",
  "state.gone_again": "页面显示的是此前的数据，正在重试。",
  "table.columns": "列",
  "table.csv": "导出 CSV",
  "do.copy": "复制",
  "do.copied": "已复制",
  "state.may_not": "你的角色看不到这个页面",
  "state.roles_with": "拥有该权限的角色：{roles}",

  // Settings
  "theme.system": "跟随系统",
  "theme.light": "浅色",
  "theme.dark": "深色",
  "passkey.alone": "用通行密钥登录",
  "passkey.beside": "改用通行密钥",
  "passkey.stopped": "没有通行密钥响应。请重试，或用其他方式登录。",
  "demo.sign_ins": "演示：点一下即可登录",
  "agent.on": "{system} 上的 {browser}",
  "agent.unknown": "未知浏览器",
} as const;
