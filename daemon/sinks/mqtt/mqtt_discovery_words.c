/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_discovery_words: English comes from names and profiles, Chinese from the dictionary and the table below. */
#include "sinks/mqtt/mqtt_discovery_words.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"

/* Every word of conf/devices but those that are letters of a standard: a test looks. */
static const char *const chinese[][2] = {
    {"auto", "自动"},
    {"auxiliary heat", "辅助制热"},
    {"charging", "充电中"},
    {"communication fault", "通信故障"},
    {"complete", "充电完成"},
    {"cool", "制冷"},
    {"derating", "降额运行"},
    {"derating itself", "自降额运行"},
    {"dispatch", "调度运行"},
    {"dry", "除湿"},
    {"emergency stop", "急停"},
    {"energy management", "能量管理"},
    {"error", "错误"},
    {"fan", "送风"},
    {"fault", "故障"},
    {"fifth", "五档"},
    {"first", "一档"},
    {"flashing", "固件升级中"},
    {"fourth", "四档"},
    {"heat", "制热"},
    {"heat boost", "强制热"},
    {"held by car", "车辆暂停"},
    {"held by pile", "桩暂停"},
    {"high", "高"},
    {"idle", "空闲"},
    {"initialising", "初始化中"},
    {"interrupted", "已中断"},
    {"low", "低"},
    {"low medium", "中低"},
    {"medium", "中"},
    {"medium high", "中高"},
    {"network", "联网"},
    {"no car", "无车"},
    {"no sun", "无光照"},
    {"normal", "正常"},
    {"not ready", "未就绪"},
    {"off", "关"},
    {"off grid", "离网运行"},
    {"on grid", "并网运行"},
    {"plug and play", "即插即充"},
    {"plugged", "已插枪"},
    {"power limited", "限功率运行"},
    {"quiet", "静音"},
    {"ready", "就绪"},
    {"ready without pilot", "就绪，无导引信号"},
    {"reserved", "已预留"},
    {"running", "运行"},
    {"running with alarm", "告警运行"},
    {"scheduled", "已预约"},
    {"second", "二档"},
    {"shaking hands", "握手中"},
    {"shut down, command", "停机：指令关机"},
    {"shut down, communication lost", "停机：通信断链"},
    {"shut down, DC switches open", "停机：直流开关断开"},
    {"shut down, fault", "停机：故障"},
    {"shut down, OVGR", "停机：OVGR"},
    {"shut down, power limited", "停机：限功率"},
    {"shut down, rapid cutoff", "停机：快速关断"},
    {"shut down, too little input", "停机：输入功率过低"},
    {"shut down, wants a start by hand", "停机：需手动启动"},
    {"shutting down", "关机中"},
    {"sleeping", "休眠"},
    {"standby", "待机"},
    {"standby, initializing", "待机：初始化"},
    {"standby, insulation test", "待机：绝缘检测"},
    {"standby, looking for sun", "待机：光照检测"},
    {"standby, looking for the grid", "待机：电网检测"},
    {"starting", "启动中"},
    {"stopped", "已停止"},
    {"stopped by key", "按键停机"},
    {"suspended", "已挂起"},
    {"third", "三档"},
    {"throttled", "限功率运行"},
    {"top", "最高"},
    {"unavailable", "不可用"},
    {"ventilate", "换气"},
    {"very low", "很低"},
    {"waiting", "等待"},
    {"waiting for authorisation", "等待授权"},
};

/* Of inverters by models 101 to 113; those of model 701 are counted from 1 as well. */
static const char *const sunspec_states[] = {
    "1 off",       "2 sleeping",      "3 starting", "4 running",
    "5 throttled", "6 shutting down", "7 fault",    "8 standby",
};

const char *mqtt_words_chinese(const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(chinese); i++) {
        if (!strcmp(chinese[i][0], word)) {
            return chinese[i][1];
        }
    }
    return NULL;
}

/* The dictionary says "相电压" of all three phases. */
static void add_phase(struct text *text, const struct quantity *quantity)
{
    static const char *const phases[] = {"a", "b", "c", "n", "ab", "bc", "ca"};
    const char *last = strrchr(quantity->name, '_');
    bool is_told = strstr(quantity->chinese, " 相）") != NULL;
    for (size_t i = 0; last && !is_told && i < ARRAY_SIZE(phases); i++) {
        if (!strcmp(last + 1, phases[i])) {
            text_add_char(text, ' ');
            for (const char *c = phases[i]; *c; c++) {
                text_add_char(text, (char)toupper((unsigned char)*c));
            }
        }
    }
}

static void add_chinese_name(struct text *text, const struct point *point)
{
    text_add_string(text, point->quantity->chinese);
    add_phase(text, point->quantity);
    const char *number = strrchr(point->name, '_');
    bool has_number = strlen(point->name) > strlen(point->quantity->name);
    if (has_number && number) {
        text_add_char(text, ' ');
        text_add_string(text, number + 1);
    }
}

void mqtt_words_add_name(struct text *text, const struct point *point, int language)
{
    if (language == LANGUAGE_ZH) {
        add_chinese_name(text, point);
        return;
    }
    text_add_char(text, (char)toupper((unsigned char)point->name[0]));
    for (const char *c = point->name + 1; point->name[0] && *c; c++) {
        text_add_char(text, *c == '_' ? ' ' : *c);
    }
}

static void add_word(struct text *text, const char *entry, int language)
{
    int64_t number = 0;
    const char *word = NULL;
    if (!profile_split_word(entry, &number, &word)) {
        return;
    }
    const char *translated = language == LANGUAGE_ZH ? mqtt_words_chinese(word) : NULL;
    text_add_format(text, "%s%" PRId64 ":'%s'", text->length > 0 ? "," : "", number,
                    translated ? translated : word);
}

static const struct profile_point *find_point(const struct profile *profile, const char *name)
{
    const struct profile_point *points = profile->points.items;
    for (size_t i = 0; i < profile->points.count; i++) {
        if (points[i].name && !strcmp(points[i].name, name)) {
            return &points[i];
        }
    }
    return NULL;
}

void mqtt_words_add_states(struct text *text, const struct mqtt_discovery *discovery,
                           const struct device *device, const struct point *point)
{
    const struct profile *profile =
        discovery->profiles ? profiles_find(discovery->profiles, device->profile) : NULL;
    const int language = discovery->site->language;
    if (!profile || point->quantity->kind != QUANTITY_STATE) {
        return;
    }
    bool is_sunspec = profile->discovery == DISCOVERY_SUNSPEC;
    for (size_t i = 0; is_sunspec && i < ARRAY_SIZE(sunspec_states) &&
                       point->quantity == quantity_get(QUANTITY_ID_inverter_state);
         i++) {
        add_word(text, sunspec_states[i], language);
    }
    const struct profile_point *known = find_point(profile, point->name);
    for (size_t i = 0; known && i < known->words.count; i++) {
        add_word(text, known->words.items[i], language);
    }
}
